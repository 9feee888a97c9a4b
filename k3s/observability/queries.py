#!/usr/bin/env python3
"""Runs the query of every panel of the dashboards on a real Prometheus that scrapes real planes, and prints a table.

    k3s/observability/queries.py --plane plane-1=localhost:8080 --site-plane site-1=localhost:8081 [--seconds 45]

Needs prometheus in the PATH, and planes that get calls and readings meanwhile. Ends with 1 if a query has no data.
Without a plane of a site, the dashboard of a site is skipped, and the table says so.
"""

import argparse
import json
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
# Panels that have data only when something is wrong.
EMPTY_WHEN_ALL_IS_WELL = {
    "Calls that were not answered",
}


def configuration(planes):
    """A configuration in JSON, which is YAML too: the labels are those that operator/monitor.yaml gives."""
    scrapes = [
        {"targets": [address], "labels": {"pod": pod, "namespace": "health-data", "node": pod, "tenant": "local"}}
        for pod, address in planes
    ]
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(HERE / "rules" / "*.yaml")],
        "scrape_configs": [{"job_name": "pulseplane", "metrics_path": "/q/metrics", "static_configs": scrapes}],
    }


def queries(dashboard):
    """Each query of a dashboard, with its variables as Grafana would put them in."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "30s")
            yield panel["title"], re.sub(r"\$\w+", ".*", text)


def ask(base, query):
    url = base + "/api/v1/query?" + urllib.parse.urlencode({"query": query})
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]["result"]


def await_ready(base, process):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit("prometheus ended with %d" % process.returncode)
        try:
            urllib.request.urlopen(base + "/-/ready", timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("prometheus is not ready after a minute")


def table(base, has_site):
    failed = 0
    print("%-7s %-56s %7s %12s" % ("BOARD", "PANEL", "SERIES", "FIRST VALUE"))
    for board in ("plane", "site", "fleet"):
        if board == "site" and not has_site:
            print("%-7s %-56s %s" % (board, "all panels", "skipped: no --site-plane"))
            continue
        for title, query in queries(json.loads((HERE / "dashboards" / (board + ".json")).read_text())):
            result = ask(base, query)
            value = float(result[0]["value"][1]) if result else math.nan
            print("%-7s %-56s %7d %12.5g" % (board, title[:56], len(result), value))
            if not result and title not in EMPTY_WHEN_ALL_IS_WELL:
                failed += 1
                print("        no data: " + query)
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--plane", action="append", default=[], metavar="POD=HOST:PORT")
    parser.add_argument("--site-plane", action="append", default=[], metavar="POD=HOST:PORT")
    parser.add_argument("--seconds", type=int, default=45)
    parser.add_argument("--port", type=int, default=19090)
    arguments = parser.parse_args()
    planes = [plane.split("=", 1) for plane in arguments.plane + arguments.site_plane]
    if not planes or not shutil.which("prometheus"):
        sys.exit("needs prometheus in the PATH, and at least one --plane or --site-plane")
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "prometheus.yml")
        pathlib.Path(config).write_text(json.dumps(configuration(planes)))
        base = "http://127.0.0.1:%d" % arguments.port
        process = subprocess.Popen(
            ["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + folder + "/data",
             "--web.listen-address=" + base.removeprefix("http://"), "--log.level=error"])
        try:
            await_ready(base, process)
            time.sleep(arguments.seconds)
            failed = table(base, bool(arguments.site_plane))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    sys.exit(1 if failed else 0)


main()
