"""Users and groups."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from labeling.models import Membership, User

admin.site.unregister(Group)


class RoleInline(TabularInline):  # type: ignore[misc]  # unfold carries no types
    """The roles of a person."""

    model = Membership
    fields = ("project", "role")
    extra = 0
    tab = True
    verbose_name_plural = "Roles in projects"


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg,misc]  # no generic at run time
    """People; their roles in projects stand below."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active", "last_login")
    inlines = (RoleInline,)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    """Sets of permissions for staff."""
