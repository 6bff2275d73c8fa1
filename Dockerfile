# The hub in one image: the locked versions, no compiler, and a user who owns nothing but the company's folder.
FROM python:3.11.13-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE landscape.yaml ./
COPY hub hub
COPY connectors connectors
COPY dags dags
COPY canonical_model canonical_model
COPY mappings mappings
ENV UV_PROJECT_ENVIRONMENT=/hub UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN uv sync --frozen --no-dev --no-editable --extra postgres --extra mariadb --extra batch --extra web

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin hub && install -d -o hub -g hub /company
COPY --from=build /hub /hub
ENV PATH=/hub/bin:$PATH PYTHONUNBUFFERED=1 HUB_HOME=/company
USER 10001:10001
VOLUME /company
EXPOSE 8080
ENTRYPOINT ["goldenhub"]
CMD ["doctor"]
