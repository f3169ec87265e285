# make studio: set up and start the page with the demo project. make test: set up and run every test. make help lists the rest.
HOST ?= 127.0.0.1
PORT ?= 7860
CORPUS ?= ../shared/data
TRAIN_DATA ?= $(CORPUS)/dialogue/tvsub.zh-en.train.tsv.xz
TRAIN_OUT ?= build/translation
RUN := .venv/bin/python
export PYTHON
export GRADIO_ANALYTICS_ENABLED := False

.PHONY: help studio test corpus bench load train-translation lint demo-clip environment environment-dev clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-18s %s\n", $$1, $$2}' Makefile

environment: ## create .venv and install what the studio needs
	@scripts/environment.sh run

environment-dev: ## create .venv and install what tests and benches need too
	@scripts/environment.sh dev

studio: environment ## set up, then start the page with the demo project
	@exec $(RUN) -m studio serve --demo --host $(HOST) --port $(PORT)

test: environment-dev ## set up, then run all tests
	@exec $(RUN) -m pytest

corpus: environment-dev ## dub every clip of CORPUS/clips and try every file of CORPUS/nasty
	@exec $(RUN) -m pytest -m corpus --timeout 3600 tests/corpus --corpus "$(CORPUS)" --whole-corpus

bench: environment-dev ## real-time factor, memory and share of each stage
	@exec $(RUN) -m bench.pipeline $(ARGS)

load: environment-dev ## many people at once, kills, hostile files, two servers, a long day: the figures of docs/results/hosting.md
	@exec $(RUN) -m bench.load $(ARGS)

train-translation: environment ## train the bundled translator (resumes where it was)
	@exec $(RUN) -m models.recipes.translation_sft --data $(TRAIN_DATA)@zh-en --out $(TRAIN_OUT)

lint: environment-dev ## style
	@exec $(RUN) -m ruff check .

demo-clip: environment ## draw and record the demo clip again
	@exec $(RUN) -m scripts.make_demo

clean: ## remove .venv and caches; projects are kept
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
