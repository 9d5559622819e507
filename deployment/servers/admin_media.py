"""The style that this floor's pages of evidence share in the admin: they fit a phone."""


class DeploymentMedia:
    css = {"all": ["css/deployment-admin.css"]}
