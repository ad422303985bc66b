# `sam build` calls this by the Makefile of the processor that the layer is for: sam tells a Makefile its place, but no processor.
# uv installs wheels for that processor, and each only if its hash stands in requirements.txt.
.PHONY: build-RuntimeLayer

build-RuntimeLayer:
	uv pip install --quiet --require-hashes --no-build --link-mode copy --requirement requirements.txt \
	    --python-version 3.13 --python-platform $(PLATFORM) --target "$(ARTIFACTS_DIR)/python"
	rm -rf "$(ARTIFACTS_DIR)/python/.lock" "$(ARTIFACTS_DIR)/python/bin"
