"""The page that makes the first administrator, by the link that the host printed."""

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common.problems import ProblemError
from labeling import services
from labeling.login.address import address_of
from labeling.login.forms import FirstForm
from labeling.models import User
from labeling.services.first_administrator import UsersThereError

_PAGE = "account/first.html"


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def first_administrator(request: HttpRequest) -> HttpResponse:
    """Name and password of the first administrator, who is logged in with it; a refusal once anybody can log in."""
    if request.user.is_authenticated:
        return redirect("labeling:home")
    if User.objects.exists():
        return _refused(request, UsersThereError())
    form = FirstForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, _PAGE, {"form": form}, status=400 if form.is_bound else 200)
    said = form.cleaned_data
    try:
        user = services.make_first_administrator(
            said["token"], said["username"], said["password1"], address_of(request)
        )
    except UsersThereError as error:
        return _refused(request, error)
    except ProblemError as error:
        form.add_error("token" if error.problem_status == 409 else None, str(error))
        response = render(request, _PAGE, {"form": form}, status=error.problem_status)
        for name, value in error.headers.items():
            response[name] = value
        return response
    answer: HttpResponse = perform_login(request, user)
    return answer


def _refused(request: HttpRequest, error: UsersThereError) -> HttpResponse:
    return render(request, _PAGE, {"refused": error}, status=error.problem_status)
