"""七长, 五长 and the other posts, as the county lists them."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView

from casework import duty_forms as forms
from casework.duties import DutyRefused, Level
from casework.models import ResponsibilityAssignment, ResponsibilityRole
from casework.queries.duties import posts_of
from casework.services import posts as services
from core.access import Permission
from core.web import Requires


class PostList(Requires, TemplateView):
    """Every post, how many hold it, and whether a 七长 of the county is still missing."""

    permission = Permission.RESPONSIBILITY_POSTS
    template_name = "casework/post_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        county, on = self.request.scope.county, timezone.localdate()
        held = ResponsibilityAssignment.objects.filter(county=county).exclude(valid_to__lt=on)
        counts = dict(held.values_list("role").annotate(Count("pk")))
        posts = list(posts_of(county).values())
        named: dict[str, list[ResponsibilityRole]] = {}
        for post in posts:
            for name in post.lists:
                named.setdefault(name, []).append(post)
        return super().get_context_data(
            lines=[
                (post, counts.get(post.code, 0), post.valid_to is not None and post.valid_to < on)
                for post in posts
            ],
            named=named.items(),
            family=Level.FAMILY,
            **kwargs,
        )


class PostForm(Requires, FormView):  # type: ignore[type-arg]
    permission = Permission.RESPONSIBILITY_POSTS
    template_name = "casework/post_form.html"
    form_class = forms.PostForm

    @cached_property
    def held(self) -> ResponsibilityRole | None:
        """The row to change; a new post has none."""
        if "post_code" not in self.kwargs:
            return None
        post = posts_of(self.request.scope.county).get(self.kwargs["post_code"])
        if post is None:
            raise Http404
        return post

    def get_initial(self) -> dict[str, Any]:
        post, on = self.held, timezone.localdate()
        if post is None:
            return {"sort": 500, "is_used": True}
        names = ("name", "line", "level", "is_leader", "sort", "source")
        return {name: getattr(post, name) for name in names} | {
            "lists": "、".join(post.lists),
            "is_used": post.valid_to is None or post.valid_to >= on,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title=f"修改岗位：{self.held}" if self.held else "添加岗位",
            cancel_href=reverse("casework:post-list"),
            **kwargs,
        )

    def form_valid(self, form: forms.PostForm) -> HttpResponse:
        try:
            post = services.set_post(
                scope=self.request.scope,
                actor=self.request.user,
                said=form.said,
                today=timezone.localdate(),
                code=self.held.code if self.held else "",
            )
        except DutyRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, f"岗位“{post.name}”已保存。")
        return redirect("casework:post-list")


class PostNew(PostForm):
    pass


class PostEdit(PostForm):
    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        self.held  # noqa: B018 - a post nobody knows is 404
        return super().get(request, *args, **kwargs)
