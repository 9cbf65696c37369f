"""What a model is sold as."""

from __future__ import annotations

from typing import Any

import pytest

from service.reading.sold_as import CHAT_ONLY, Kind, is_sold_by_token, sold_as


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Kind.CHAT, "chat language llm text-generation image-text-to-text vision vlm any-to-any"),
        (Kind.CHAT, "audio-text-to-text video_understanding moderation code chat/completions"),
        (Kind.SPEECH, "audio tts text-to-speech text_to_speech speech music TextToSpeech"),
        (Kind.TRANSCRIPTION, "transcribe stt asr speech-to-text automatic-speech-recognition"),
        (Kind.IMAGE, "image text-to-image image_generation diffusion t2i image-to-image"),
        (Kind.VIDEO, "video text-to-video image-to-video t2v"),
        (Kind.RERANK, "rerank reranker reranking text-ranking"),
        (Kind.EMBEDDING, "embedding embeddings text-embedding feature-extraction EMBEDDING_MODEL"),
    ],
)
def test_words_of_a_type(kind: Kind, words: str) -> None:
    for word in words.split():
        assert sold_as({"type": word}) == [{kind}], word


@pytest.mark.parametrize("odd", ["model", "HF_BASE_MODEL", "", None, 5, "image-to-text", ["x"]])
def test_words_that_are_not_understood_say_nothing(odd: Any) -> None:
    assert sold_as({"type": odd}) == []
    assert is_sold_by_token({"type": odd}, CHAT_ONLY)


@pytest.mark.parametrize(
    ("entry", "by_token"),
    [
        ({}, True),
        ({"type": "chat", "output_modalities": ["audio"]}, True),
        ({"output_modalities": ["text"]}, True),
        ({"output_modalities": ["text", "image"]}, True),
        ({"output_modalities": ["image"]}, False),
        ({"modalities": {"input": ["text"], "output": ["audio"]}}, False),
        ({"architecture": {"modality": "text->embedding"}}, False),
        ({"architecture": {"outputModalities": ["video"]}}, False),
        ({"types": "llm, image_generation"}, True),
        ({"types": ["tts", "stt"]}, False),
        # One key that names another thing than tokens is enough.
        ({"api": "chat", "type": "tts"}, False),
        ({"type": "rerank"}, False),
    ],
)
def test_whether_tokens_are_sold(entry: dict[str, object], by_token: bool) -> None:
    assert is_sold_by_token(entry, CHAT_ONLY) is by_token


def test_a_kind_that_is_documented_per_token() -> None:
    assert is_sold_by_token({"type": "rerank"}, frozenset({Kind.RERANK}))
    assert not is_sold_by_token({"type": "image"}, frozenset({Kind.RERANK}))


@pytest.mark.parametrize(
    ("entry", "by_token"),
    [
        ({"metadata": {"type": "tts"}}, False),
        ({"metadata": {"tags": ["text-to-speech"]}}, False),
        ({"modality": "text->image"}, False),
        ({"architecture": {"modality": "audio->text"}}, False),
        ({"architecture": {"modality": "text+image->text+image"}}, True),
        ({"architecture": {"modality": "image->text"}}, True),
        ({"modality": "text+image->text"}, True),
        ({"modalities": ["audio"]}, False),
        ({"modalities": ["text", "audio"]}, True),
        ({"endpoints": ["/v1/audio/transcriptions"]}, False),
        ({"endpoints": ["chat/completions", "audio/speech"]}, True),
        ({"capabilities": {"tts": True, "chat": False}}, False),
        ({"capabilities": {"chat": True, "audio": True}}, True),
        # What is not understood may be chat.
        ({"tags": ["tools", "image-generation"]}, True),
        ({"tags": []}, True),
        # Images may go in.
        ({"tags": ["image"]}, True),
        ({"capabilities": {"audio": True}}, True),
        # A type says more than a label.
        ({"type": "chat", "tags": ["tts"]}, True),
        ({"output_modalities": ["text", "image"], "features": ["image"]}, True),
    ],
)
def test_labels_count_where_nothing_names_a_type(entry: Any, *, by_token: bool) -> None:
    assert is_sold_by_token(entry, CHAT_ONLY) is by_token
