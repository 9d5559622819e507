// Tells the pages that wait in other tabs that somebody is logged in again.
"use strict";

new BroadcastChannel("session").postMessage("back");
