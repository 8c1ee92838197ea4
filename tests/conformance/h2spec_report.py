"""Compares JUnit reports of h2spec, of one run or of several, with the cases on which the service knowingly differs:
h2spec_report.py KNOWN REPORT…

What h2spec sends on a stream races with the answer to its headers, and an answer that is quicker is none of its expectations. So
a case fails if it fails in every run.
"""

import sys
import xml.etree.ElementTree as tree


def outcomes(report):
    """Of each case that was run: why it failed, or nothing."""
    found = {}
    for suite in tree.parse(report).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            problem = case.find("failure") if case.find("failure") is not None else case.find("error")
            if problem is None and case.find("skipped") is not None:
                continue
            name = f'{case.get("package")}: {case.get("classname")}'
            found[name] = None if problem is None else " ".join((problem.text or "").split()) or "failed"
    return found


def main():
    known, *reports = sys.argv[1:]
    reasons = {}
    with open(known) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                case, reason = line.strip().split("  ", 1)
                reasons[case] = reason.strip()
    runs = [outcomes(report) for report in reports]
    passed = {name for run in runs for name, why in run.items() if why is None}
    failed = {name: why for name, why in runs[-1].items() if name not in passed}
    unexpected = {name: why for name, why in failed.items() if name not in reasons}
    stale = [name for name, why in reasons.items() if name not in failed and not why.startswith("(at times)")]
    for name, why in unexpected.items():
        print(f"FAILED  h2spec {name}\n        {why}")
    for name in stale:
        print(f"FAILED  h2spec {name}: passes now, take it off the list")
    bad = bool(unexpected or stale or len(passed) < 100)
    differing = len(failed) - len(unexpected)
    print(f"{'FAILED' if bad else 'ok    '}  h2spec: {len(passed)} cases pass, {differing} differ as known; runs: {len(runs)}")
    sys.exit(bad)


main()
