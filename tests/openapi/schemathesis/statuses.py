"""Says how the operations of a run answered. One that never gave what it is there for was asked nothing that matters.

statuses.py DOCUMENT WHO FILE
"""

import json
import sys

document, who, file = sys.argv[1:]
with open(file, encoding="utf-8") as lines:
    answers = {operation: statuses for operation, statuses in map(json.loads, lines)}
never = [operation for operation, statuses in answers.items() if not any(status.startswith("2") for status in statuses)]
never = [] if who == "nobody" else never
for operation in never:
    print(f"FAIL {document}, {who}: {operation} never gave an answer: {answers[operation]}")
requests = sum(count for statuses in answers.values() for count in statuses.values())
print(f"{'ok  ' if requests else 'FAIL'} {document}, {who}: {len(answers)} operations, {requests} requests")
sys.exit(bool(never) or not requests)
