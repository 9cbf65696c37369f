"""Providers that keep failing, or lost their credential."""

from __future__ import annotations

from service.doctor.check_result import MOST_NAMES, CheckResult, age, listed, ok, warn
from service.doctor.facts import Facts, Provider

PROVIDERS = "providers"


def check_providers(facts: Facts) -> CheckResult:
    """A warning for enabled providers that fail: the cause may be on their side.

    A provider without a credential is skipped; only one that had succeeded counts as a loss.
    """
    if not facts.providers:
        return warn(
            PROVIDERS,
            "none is enabled",
            "update public.pricing_providers set enabled = true where slug = 'openrouter';",
        )
    failing = [provider for provider in facts.providers if provider.state == "failing"]
    locked_out = [
        each
        for each in facts.providers
        if each.state == "no_credentials" and each.success_seconds is not None
    ]
    if not failing and not locked_out:
        return ok(
            PROVIDERS,
            f"{len(facts.providers)} enabled, none failing{_unasked(facts)}; {_oldest(facts)}",
        )
    found = [_failure(provider) for provider in failing]
    found += [f"{provider.slug} has lost its credential" for provider in locked_out]
    advice = []
    if failing:
        names = " ".join(provider.slug for provider in failing[:MOST_NAMES])
        advice.append(f"pricing-sync sync {names} --watch")
    for provider in locked_out[:MOST_NAMES]:
        variable = provider.credential_variable or "its credential"
        advice.append(f"export {variable}=...  # for the worker, and restart it")
    return warn(PROVIDERS, listed(found), "; ".join(advice))


def _unasked(facts: Facts) -> str:
    slugs = [each.slug for each in facts.providers if each.state == "no_credentials"]
    return f"; not asked, for want of a credential: {listed(slugs)}" if slugs else ""


def _failure(provider: Provider) -> str:
    kind = f" ({provider.error_kind}: {provider.error_message})" if provider.error_kind else ""
    last = "never succeeded"
    if provider.success_seconds is not None:
        last = f"last success {age(provider.success_seconds)} ago"
    return f"{provider.slug} failed {provider.consecutive_failures} times in a row{kind}, {last}"


def _oldest(facts: Facts) -> str:
    fetched = [each for each in facts.providers if each.state != "no_credentials"]
    never = [each.slug for each in fetched if each.success_seconds is None]
    if never or not fetched:
        return f"not yet synced: {listed(never) or 'none'}"
    oldest = max(fetched, key=lambda each: each.success_seconds or 0)
    return f"longest without a success: {oldest.slug}, {age(oldest.success_seconds or 0)}"
