"""A language model's card in words: ``card.json`` to ``README.md``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from taskscope.models.checkpoints import STARTED
from taskscope.training.cards.few_shot import CONTROL, COUNTS
from taskscope.training.cards.gate import GAIN
from taskscope.training.cards.limits import limits
from taskscope.training.cards.questions import NEW_TASK, SEEN, UNSEEN

_FACTS = {
    SEEN: "Facts seen in training",
    UNSEEN: "Held-out facts: never in a list or in prose, demonstrations are of facts seen",
    NEW_TASK: "Held-out tasks: no task document ever showed the rule",
}
_TAGS = {"CC BY-SA 4.0": "cc-by-sa-4.0"}


def render(card: dict[str, Any]) -> str:
    """Turn the content of ``card.json`` into the text of ``README.md``."""
    licence = card["licence"]
    lines = [
        "---",
        *([f"license: {_TAGS[licence]}"] if licence in _TAGS else []),
        "library_name: transformers",
        "language: en",
        "tags: [taskscope, in-context-learning]",
        "---",
        "",
        f"# {card['name']}",
        "",
        card["summary"],
        "",
        *_shape(card),
        *_section("What it cannot show", limits(card)),
        *_section("What the numbers say of few-shot learning", _gate(card["gate"])),
        *_section("Data", _data(card)),
        *_section("Loss on held-out English", _english(card)),
        *_section("Loss on task documents", _documents(card["documents"])),
        *_section("Grammar", _grammar(card)),
        *_section("Few-shot accuracy", _few_shot(card)),
        *_section("Queries that belong to several tasks", _shared(card["shared_inputs"])),
        *_left_out(card["left_out"]),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _shape(card: dict[str, Any]) -> list[str]:
    licence = (
        f" Licence {card['licence']}: among its sources are share-alike ones, and the weights follow them."
        if card["licence"]
        else ""
    )
    return [
        f"A Llama-shaped decoder of {card['blocks']} blocks, width {card['width']}, {card['heads']} "
        "heads, context "
        f"{card['context']:,} tokens, vocabulary {card['vocabulary']:,}: {card['parameters']:,} parameters, "
        f"{card['parameters_without_embeddings']:,} without the embeddings. {_training(card)} "
        f"({card['steps']:,} steps, seed {card['seed']})." + licence,
        "",
        f"Load it with `AutoModelForCausalLM.from_pretrained(FOLDER)`; train it again with `taskscope train "
        f"{card['name']} --corpus SOURCES --out FOLDER`; measure this card again with `taskscope card "
        f"{card['name']} --check`.",
    ]


def _training(card: dict[str, Any]) -> str:
    started = card.get(STARTED)
    if started is None:
        return f"Trained from scratch on {card['tokens']:,} tokens"
    more = card["tokens"] - started["tokens"]
    return f"{started['model']}, which had read {started['tokens']:,} tokens, trained on {more:,} more"


def _gate(gate: dict[str, Any]) -> list[str]:
    learned, other, followed, new = (
        gate[key] for key in ("learned", "other_task", "shared_inputs", "held_out_tasks")
    )
    lines = [
        f"- Accuracy with {CONTROL} demonstrations is at least {GAIN} above that with none on "
        f"{learned['n']} of the "
        f"{learned['of']} published tasks, for facts seen in training"
        + (f": {', '.join(learned['tasks'])}." if learned["tasks"] else "."),
    ]
    if other:
        which = "these tasks" if learned["tasks"] else "all of them"
        lines.append(
            f"- With {CONTROL} demonstrations of another task, accuracy on {which} is "
            f"{other['accuracy']:.2f}, with "
            f"their own {other['own_task']:.2f}; the prior (the best label, or no demonstrations) is "
            f"{other['prior']:.2f}. Of {other['of']} tasks these lie above it: "
            f"{_with_accuracies(other['above_the_prior'])}."
        )
    if followed:
        lines.append(
            f"- Of answers to queries that belong to several tasks, {followed['follow']:.2f} follow the "
            f"demonstrations and {followed['another_task']:.2f} follow another task of the group; most "
            "do for "
            f"{followed['tasks_mostly_followed']} of {followed['of']} tasks shown."
        )
    lines.append(
        f"- Held-out rules on which accuracy lies above the most frequent label and above every rule "
        f"trained on: {_with_accuracies(new['tasks'])}"
        f" (of {', '.join(new['of'])})."
    )
    return lines


def _with_accuracies(tasks: dict[str, float]) -> str:
    return ", ".join(f"{task} ({accuracy:.2f})" for task, accuracy in tasks.items()) or "none"


def _data(card: dict[str, Any]) -> list[str]:
    data = card["data"]
    if data is None:
        return ["What it was trained on was not handed over with the weights."]
    total = data["tokens"]["training"]
    started = card.get(STARTED)
    lines = [
        f"The mixture `{data['name']}`, {total:,} tokens, read once; the corpus is `{card['corpus'][:12]}`."
        + (f" What was read before is on the card of {started['model']}." if started else ""),
        "",
    ]
    lines += _table(
        ("kind of text", "share asked", "share", "documents", "tokens"),
        (
            (kind, f"{k['share_asked']:.3f}", f"{k['share']:.3f}", f"{k['documents']:,}", f"{k['tokens']:,}")
            for kind, k in data["kinds"].items()
        ),
    )
    rows = data["tokens"]["sequences_of_1024"]
    long = data["tokens"]["sequences_with_a_list_beyond_512_tokens"]
    lines += [
        "",
        f"Of {rows:,} sequences of 1,024 tokens {100 * long / max(rows, 1):.0f} % hold a list of "
        "more than 512 tokens.",
        "",
    ]
    lines += _table(
        ("source of natural text", "licence", "tokens", "passages dropped for slurs"),
        (
            (s["title"], s["licence"], f"{s['training_tokens']:,}", str(s["dropped"].get("slur", 0)))
            for s in data["sources"].values()
        ),
    )
    lines += ["", f"Kept out whole: {', '.join(data['held_out_tasks'])}."]
    return lines


def _english(card: dict[str, Any]) -> list[str]:
    english = card["english"]
    if not english:
        return []
    low, high = english["interval"]
    return [
        f"{english['text']}: **{english['bits_per_byte']:.3f} bits per byte** [{low:.3f}, {high:.3f}], over "
        f"{english['articles']} articles, {english['bytes']:,} bytes of the text as shown, "
        f"{english['tokens']:,} "
        f"tokens ({english['nats_per_token']:.3f} nats per token). The interval resamples articles.",
        "",
        english["markup"],
    ]


def _documents(parts: dict[str, Any]) -> list[str]:
    kinds = list(dict.fromkeys(name.partition("/")[0] for name in parts))
    lines = [
        "Nats per token of documents that were not trained on; intervals resample documents.",
        "",
    ]

    def cell(name: str) -> str:
        part = parts.get(name)
        if part is None:
            return ""
        low, high = part["interval"]
        return f"{part['nats_per_token']:.3f} [{low:.3f}, {high:.3f}]"

    return lines + _table(
        ("kind", "facts seen", "held-out facts"),
        ((kind, cell(f"{kind}/seen"), cell(f"{kind}/unseen")) for kind in kinds),
    )


def _grammar(card: dict[str, Any]) -> list[str]:
    grammar = card["grammar"]
    if not grammar:
        return []
    low, high = grammar["overall"]["interval"]
    return [
        f"BLiMP, {grammar['pairs']:,} pairs by whole-sentence log-probability: "
        f"**{grammar['overall']['accuracy']:.3f}** "
        f"[{low:.3f}, {high:.3f}] over {grammar['overall']['paradigms']} paradigms; chance is 0.5. Intervals "
        "resample paradigms.",
        "",
        *_table(
            ("phenomenon", "paradigms", "accuracy"),
            (
                (name.replace("_", " "), str(p["paradigms"]), _triple([p["accuracy"], *p["interval"]]))
                for name, p in grammar["phenomena"].items()
            ),
        ),
    ]


def _few_shot(card: dict[str, Any]) -> list[str]:
    asked = card["asked"]
    never = "never trained on" if not asked["format_trained_on"] else "also trained on"
    lines = [
        f"Exact match of the whole answer, {asked['draws']} draws a row, format `{asked['format']}` "
        f"(`x->y`), {never}: "
        f"{asked['lines_in_task_documents']} lines of it in {asked['tokens_searched']:,} tokens of task "
        "documents "
        f"searched. Columns: number of demonstrations; {CONTROL} demonstrations of another task; "
        f"{CONTROL} with the "
        "labels of each other. Brackets: 95 % Wilson interval, each of the n queries counted once. "
        "Beside them "
        "what always giving the most frequent label scores, the best rule trained on (copying, first "
        "letter ...), "
        "and how many demonstrations fit into the context.",
    ]
    for facts, title in _FACTS.items():
        rows = [row for row in card["few_shot"] if row["facts"] == facts]
        if rows:
            lines += ["", f"### {title}", "", *_few_shot_table(rows)]
    if any(not row["listed"] for row in card["few_shot"]):
        lines += ["", r"\* No list of this task was trained on; facts seen were stated in prose."]
    return lines


def _few_shot_table(rows: list[dict[str, Any]]) -> list[str]:
    def cells(row: dict[str, Any]) -> Iterable[str]:
        mark = r" \*" if row["facts"] != NEW_TASK and not row["listed"] else ""
        yield row["task"] + mark
        yield str(row["queries"])
        for k in map(str, COUNTS):
            value = row["by_count"].get(k)
            yield "" if value is None else _triple(value) if k == str(CONTROL) else f"{value[0]:.2f}"
        for name in ("other_task", "shuffled"):
            yield "" if row[name] is None else f"{row[name][0]:.2f}"
        yield from (f"{row['best_label']:.2f}", f"{row['best_rule']:.2f}", str(row["fit"]))

    head = ("task", "n", *map(str, COUNTS), "other task", "shuffled", "best label", "best rule", "fit")
    return _table(head, map(cells, rows))


def _shared(groups: dict[str, Any]) -> list[str]:
    if not groups:
        return []
    lines = [
        f"Each query is an input of every task of its group, with different answers. After {CONTROL} "
        "demonstrations of "
        "the task in front: the share of answers that follow it, and those that follow each of the others.",
    ]
    for name, group in groups.items():
        lines += ["", f"{name.capitalize()}: {group['queries']} shared queries.", ""]
        tasks = list(group["shown"])
        lines += _table(
            ("shown", "follow it", *tasks),
            (
                (task, _triple(told["follows"]), *(f"{told['answers'][other]:.2f}" for other in tasks))
                for task, told in group["shown"].items()
            ),
        )
    return lines


def _left_out(parts: dict[str, str]) -> list[str]:
    return _section("Not measured", [f"- {part}: {reason}" for part, reason in parts.items()])


def _triple(value: Sequence[float]) -> str:
    return f"{value[0]:.2f} [{value[1]:.2f}, {value[2]:.2f}]"


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
