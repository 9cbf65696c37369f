"""Reads what a model is sold as: a speech or image model's number is no price of a token.

Providers name the type of a model in many places and words; the words decide, wherever they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """What a model is sold as. Only CHAT is charged by the token unless a provider says so."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    RERANK = "rerank"
    SPEECH = "speech"
    TRANSCRIPTION = "transcription"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"


Kinds = frozenset[Kind]
CHAT_ONLY: Kinds = frozenset({Kind.CHAT})

_TYPE_KEYS = (
    *("type", "types", "model_type", "modelType", "model_types", "task", "tasks", "task_type"),
    *("pipeline_tag", "pipeline", "kind", "category", "categories", "mode", "modes", "api"),
    *("sub_type", "subtype", "endpoint_type"),
)
_MODALITY_KEYS = ("output_modalities", "outputModalities", "output_modality", "modalities_output")
_MODALITIES_WITHIN = ("architecture", "modalities", "capabilities", "metadata")
# Objects that may have a type of the model in them.
_TYPES_WITHIN = ("metadata", "info", "model_info", "modelInfo", "model_spec", "details")
# Of chat models they may name more than what is sold, such as "vision" or "tools".
_ABILITY_KEYS = frozenset({"tags", "features", "capabilities"})
_LABEL_KEYS = (
    *("modality", "modalities", "endpoints", "endpoint", "supported_endpoints"),
    *("use_case", "use_cases", "function", "purpose", "group", "service", "class"),
    *("output_type", "outputs", "model_kind", "api_type", *sorted(_ABILITY_KEYS)),
)
# As an ability also of models that take these in.
_GOES_IN = frozenset({"image", "images", "audio", "video", "videos", "speech", "voice", "document"})
_TYPE_KEYS_SET = frozenset(_TYPE_KEYS)
_NAMING_TYPES = frozenset((*_TYPE_KEYS, *_TYPES_WITHIN))
_MODALITY_KEYS_SET = frozenset(_MODALITY_KEYS)
_SAYING = frozenset(
    (*_TYPE_KEYS, *_MODALITY_KEYS, *_MODALITIES_WITHIN, *_TYPES_WITHIN, *_LABEL_KEYS)
)
_WORD = re.compile(r"[a-z]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of several kinds of words the first decides: a multimodal embedding is an embedding.
_WORDS: tuple[tuple[Kind, frozenset[str]], ...] = (
    (Kind.EMBEDDING, frozenset({"embedding", "embeddings", "embed", "embedder"})),
    (Kind.RERANK, frozenset({"rerank", "reranker", "reranking", "rerankers", "ranking"})),
    (
        Kind.CHAT,
        _words(
            "chat llm llms language vlm vision multimodal understanding completion completions"
            " conversational instruct reasoning code moderation moderations"
        ),
    ),
    (
        Kind.TRANSCRIPTION,
        _words("transcribe transcription transcriptions stt asr recognition"),
    ),
    (Kind.SPEECH, _words("audio tts speech voice music song songs sound")),
    (Kind.VIDEO, _words("video videos lipsync")),
    (
        Kind.IMAGE,
        _words("image images diffusion picture upscale upscaler upscaling inpainting segmentation"),
    ),
    (Kind.DOCUMENT, frozenset({"ocr"})),
)
_SHORT = {
    **{"t2i": Kind.IMAGE, "i2i": Kind.IMAGE, "t2v": Kind.VIDEO, "i2v": Kind.VIDEO},
    **{"text": Kind.CHAT, "feature-extraction": Kind.EMBEDDING, "text-generation": Kind.CHAT},
    **{"txt2img": Kind.IMAGE, "img2img": Kind.IMAGE, "3d": Kind.IMAGE, "text-to-3d": Kind.IMAGE},
    **{"sentence-similarity": Kind.EMBEDDING, "text2text-generation": Kind.CHAT},
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FROM_TO = re.compile(r"(?P<inputs>.+?)(?:-to-|->|2)(?P<outputs>[a-z+]+)$")


def sold_as(entry: Mapping[str, object]) -> list[Kinds]:
    """The kinds that each key with a type names; no item for words that are not understood.

    What comes out counts only where no key names a type: a transcription comes out as text. Labels
    count only where neither does.
    """
    saying = _SAYING.intersection(entry)
    if not _NAMING_TYPES.isdisjoint(saying):
        named = [found for value in _types(entry) if (found := _kinds(value))]
        if named:
            return named
    named = [found for value in _outputs(entry) if (found := _kinds_of_outputs(value))]
    return named or [found for value in _labels(entry) if (found := _kinds_of_labels(*value))]


def is_sold_by_token(entry: Mapping[str, object], by_token: Kinds) -> bool:
    """Whether each key that names kinds names one that is charged by the token."""
    if _SAYING.isdisjoint(entry):
        return True
    for kinds in sold_as(entry):
        if kinds.isdisjoint(by_token) and kinds.isdisjoint(CHAT_ONLY):
            return False
    return True


def _types(entry: Mapping[str, object]) -> list[object]:
    found: list[object] = []
    for around in _arounds(entry):
        if not _TYPE_KEYS_SET.isdisjoint(around):
            found += [around[key] for key in _TYPE_KEYS if key in around]
    return found


def _labels(entry: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for around in _arounds(entry):
        yield from ((key, around[key]) for key in _LABEL_KEYS if key in around)


def _arounds(entry: Mapping[str, object]) -> list[Mapping[str, object]]:
    inner = (entry.get(key) for key in _TYPES_WITHIN)
    return [entry, *(each for each in inner if isinstance(each, dict))]


def _outputs(entry: Mapping[str, object]) -> list[object]:
    found: list[object] = []
    for around in (entry, *[entry[key] for key in _MODALITIES_WITHIN if key in entry]):
        if isinstance(around, dict) and not _MODALITY_KEYS_SET.isdisjoint(around):
            found += [around[key] for key in _MODALITY_KEYS if key in around]
    modalities = entry.get("modalities")
    if isinstance(modalities, dict):
        found.append(modalities.get("output"))
    architecture = entry.get("architecture")
    if isinstance(architecture, dict) and isinstance(architecture.get("modality"), str):
        found.append(_outputs_of(architecture["modality"]))
    return found


@lru_cache(maxsize=1024)
def _outputs_of(modality: str) -> tuple[str, ...]:
    """Of ``text+image->text``; ``audio->text`` is a transcription."""
    outputs = tuple(modality.rpartition("->")[2].split("+"))
    return (modality,) if outputs == ("text",) else outputs


def _kinds(value: object) -> Kinds:
    """The kinds in a text (``llm,image_generation``) or a list of texts."""
    if isinstance(value, str):
        return _kinds_of_text(value[:200])
    if isinstance(value, list):
        return frozenset().union(*map(_kinds, value[:20]))
    return frozenset()


@lru_cache(maxsize=1024)
def _kinds_of_text(text: str) -> Kinds:
    return frozenset(kind for part in text.split(",") if (kind := _kind(part.strip())))


def _kinds_of_labels(key: str, value: object) -> Kinds:
    """The kinds of labels of which each is understood; of an object, those that are true."""
    if isinstance(value, dict):
        value = [key for key, said in value.items() if said is True]
    labels = value[:20] if isinstance(value, list) else [value]
    if key in _ABILITY_KEYS and any(str(label).lower() in _GOES_IN for label in labels):
        return frozenset()
    kinds = [_kinds(label) for label in labels]
    return frozenset().union(*kinds) if all(kinds) else frozenset()


@lru_cache(maxsize=1024)
def _kind(text: str) -> Kind | None:
    name = _CAMEL.sub("-", text).lower().replace("_", "-").replace(" ", "-")
    if name in _SHORT:
        return _SHORT[name]
    words = set(_WORD.findall(name))
    between = _FROM_TO.fullmatch(name)
    if between is not None:
        return _kind_of_output(between["inputs"], between["outputs"])
    return next((kind for kind, names in _WORDS if words & names), None)


def _kind_of_output(inputs: str, outputs: str) -> Kind | None:
    """``image-text-to-text`` is chat, ``speech-to-text`` a transcription."""
    into, out = set(_WORD.findall(inputs)), set(_WORD.findall(outputs))
    if out == {"text"}:
        if "text" in into:
            return Kind.CHAT
        return Kind.TRANSCRIPTION if into & {"speech", "audio", "voice"} else None
    if out == {"any"}:
        return Kind.CHAT
    return next((kind for kind, names in _WORDS if kind is not Kind.CHAT and out & names), None)


def _kinds_of_outputs(value: object) -> Kinds:
    """Of what comes out; text alone says nothing, text beside something else is chat."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple):
        return frozenset()
    return _kinds_of_texts(tuple([each for each in value[:20] if isinstance(each, str)]))


@lru_cache(maxsize=1024)
def _kinds_of_texts(outputs: tuple[str, ...]) -> Kinds:
    texts = [each.lower() for each in outputs]
    kinds = frozenset(
        kind for each in texts if each != "text" and (kind := _kind(each)) is not None
    )
    return kinds | CHAT_ONLY if kinds and "text" in texts else kinds
