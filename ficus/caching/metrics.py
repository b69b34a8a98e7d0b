"""What is counted of what is kept."""

from prometheus_client import Counter

answers = Counter(
    "ficus_cache_answers_total",
    "Answers by what became of them: kept, made, shared with whoever was making it, or made since the cache was away",
    ["name", "outcome"],
)
