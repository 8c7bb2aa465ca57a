#!/usr/bin/env python3
"""Asks an InfluxDB 1.x the corpus of InfluxQL queries, and writes its answers beside them.

    record_influxql.py http://127.0.0.1:8086 tests/engine/query/influxql/corpus

Data of *.lines goes to a database that is dropped first, `corpus`. A file *.queries has records of lines:

    query: SELECT mean(v) FROM m        one line
    with: epoch=ms&chunked=true         optional: further parameters; `accept=` is a header
    answer: {"results":[...]}           the body, line by line; behind a status of its own if it is not 200: `400 {...}`
"""
import pathlib, sys, urllib.error, urllib.parse, urllib.request

DATABASE = "corpus"


def ask(server, query, parameters, post=False):
    fields = [("db", DATABASE)] + urllib.parse.parse_qsl(parameters, keep_blank_values=True)
    headers = {"Accept": value for name, value in fields if name == "accept"}
    fields = [(name, value) for name, value in fields if name != "accept"] + [("q", query)]
    text = urllib.parse.urlencode(fields)
    request = urllib.request.Request(server + "/query" + ("" if post else "?" + text), text.encode() if post else None, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def record(server, path):
    out, query, parameters, pending = [], None, "", False

    def flush():
        nonlocal pending
        if not pending:
            return
        status, body = ask(server, query, parameters)
        lines = body.rstrip("\n").split("\n")
        if status != 200:
            lines[0] = f"{status} {lines[0]}"
        out.extend("answer: " + line for line in lines)
        pending = False

    for line in path.read_text().split("\n"):
        if line.startswith("answer:"):
            continue
        if line.startswith("with: "):
            parameters = line[len("with: "):]
            out.append(line)
            continue
        flush()
        if line.startswith("query: "):
            query, parameters, pending = line[len("query: "):], "", True
        out.append(line)
    flush()
    path.write_text("\n".join(out).rstrip("\n") + "\n")


def main():
    server, corpus = sys.argv[1], pathlib.Path(sys.argv[2])
    for statement in (f"DROP DATABASE {DATABASE}", f"CREATE DATABASE {DATABASE}"):
        ask(server, statement, "", post=True)
    for lines in sorted(corpus.glob("*.lines")):
        body = lines.read_bytes()
        urllib.request.urlopen(urllib.request.Request(server + f"/write?db={DATABASE}", body))
    for queries in sorted(corpus.glob("*.queries")):
        record(server, queries)


main()
