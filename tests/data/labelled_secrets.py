"""Texts labelled by hand: secrets of real formats, and texts that look like them.

No secret here is real: each is made of its format when it is asked for, so that none stands in a file. A case is a
free text of a request, with what it is called; ``secret`` says what a person would call it.
"""

import base64
import json
import random
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Case", "cases"]

LETTERS = string.ascii_letters
ALNUM = LETTERS + string.digits
HEX = "0123456789abcdef"
URL_SAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"
UPPER = string.ascii_uppercase + string.digits


@dataclass(frozen=True, kw_only=True)
class Case:
    """One member's content."""

    label: str
    """What it is."""
    secret: bool
    place: str
    """Where it stands, as a request would hold it."""
    value: object
    """The member's content: a map, the arguments, or a text."""
    name: str = ""
    """What the value is called, of a look-alike."""
    encoded: bool = False


class Maker:
    """Makes texts of a format, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # made-up secrets have to be the same in every run

    def of(self, alphabet: str, length: int) -> str:
        """A text of that many characters of the alphabet, holding letters and digits where it may."""
        while True:
            text = "".join(self._random.choices(alphabet, k=length))
            mixed = any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
            if mixed or length < 4 or alphabet.isalpha() or alphabet.isdigit():
                return text

    def bytes_of(self, length: int) -> bytes:
        """Random bytes."""
        return self._random.randbytes(length)

    def uuid(self) -> str:
        """A UUID."""
        return "-".join(self.of(HEX, length) for length in (8, 4, 4, 4, 12))

    def base64(self, length: int) -> str:
        """Random bytes in base64."""
        return base64.b64encode(self.bytes_of(length)).decode()

    def jwt(self) -> str:
        """A JSON web token."""
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": self.of(HEX, 12), "exp": 1790000000})
        ]
        return ".".join([*parts, self.of(URL_SAFE, 43)])

    def pem(self, kind: str) -> str:
        """Something between the lines of a PEM file."""
        body = self.base64(240)
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])


FORMATS: Mapping[str, Callable[[Maker], str]] = {
    "AWS access key id": lambda m: "AK" + "IA" + m.of(string.ascii_uppercase + "234567", 16),
    "AWS temporary key id": lambda m: "AS" + "IA" + m.of(string.ascii_uppercase + "234567", 16),
    "AWS session token": lambda m: "IQo" + "Jb3JpZ2lu" + m.of(BASE64, 300) + "==",
    "AWS Bedrock key": lambda m: "AB" + "SK" + m.of(BASE64, 128) + "=",
    "AWS presigned URL": lambda m: (
        "https://ml-data.s3.amazonaws.com/x.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600"
        "&X-Amz-Signature=" + m.of(HEX, 64)
    ),
    "GitHub classic token": lambda m: "gh" + "p_" + m.of(ALNUM, 36),
    "GitHub OAuth token": lambda m: "gh" + "o_" + m.of(ALNUM, 36),
    "GitHub user token": lambda m: "gh" + "u_" + m.of(ALNUM, 36),
    "GitHub server token": lambda m: "gh" + "s_" + m.of(ALNUM, 36),
    "GitHub refresh token": lambda m: "gh" + "r_" + m.of(ALNUM, 36),
    "GitHub fine-grained token": lambda m: "github" + "_pat_" + m.of(ALNUM, 22) + "_" + m.of(ALNUM, 59),
    "GitLab personal token": lambda m: "gl" + "pat-" + m.of(URL_SAFE, 20),
    "GitLab deploy token": lambda m: "gl" + "dt-" + m.of(URL_SAFE, 20),
    "GitLab runner token": lambda m: "gl" + "rt-" + m.of(URL_SAFE, 20),
    "Slack bot token": lambda m: (
        f"xo{''}xb-{m.of(string.digits, 12)}-{m.of(string.digits, 12)}-{m.of(ALNUM, 24)}"
    ),
    "Slack app token": lambda m: f"xa{''}pp-1-{m.of(UPPER, 11)}-{m.of(string.digits, 13)}-{m.of(HEX, 64)}",
    "Slack webhook": lambda m: (
        f"https://hooks.{'slack'}.com/services/T{m.of(UPPER, 8)}/B{m.of(UPPER, 8)}/{m.of(ALNUM, 24)}"
    ),
    "Stripe secret key": lambda m: "sk" + "_live_" + m.of(ALNUM, 24),
    "Stripe restricted key": lambda m: "rk" + "_live_" + m.of(ALNUM, 24),
    "OpenAI key": lambda m: "sk" + "-" + m.of(ALNUM, 20) + "T3Bl" + "bkFJ" + m.of(ALNUM, 20),
    "OpenAI project key": lambda m: (
        "sk" + "-proj-" + m.of(URL_SAFE, 74) + "T3Bl" + "bkFJ" + m.of(URL_SAFE, 74)
    ),
    "Anthropic key": lambda m: "sk" + "-ant-api03-" + m.of(URL_SAFE, 93) + "AA",
    "Hugging Face token": lambda m: "h" + "f_" + m.of(LETTERS, 34),
    "Google API key": lambda m: "AI" + "za" + m.of(URL_SAFE, 35),
    "Google client secret": lambda m: "GOC" + "SPX-" + m.of(URL_SAFE, 28),
    "Google access token": lambda m: "ya" + "29." + m.of(URL_SAFE, 120),
    "Azure storage key": lambda m: (
        "DefaultEndpointsProtocol=https;AccountName=mldata;Account" + "Key=" + m.base64(64)
    ),
    "Azure SAS": lambda m: (
        "https://mldata.blob.core.windows.net/raw?sv=2024-11-04&sp=r&s" + "ig=" + m.of(ALNUM, 43) + "%3D"
    ),
    "Azure client secret": lambda m: m.of(ALNUM, 3) + "8" + "Q~" + m.of(URL_SAFE, 34),
    "private key": lambda m: m.pem("RSA " + "PRIVATE KEY"),
    "OpenSSH key": lambda m: m.pem("OPENSSH " + "PRIVATE KEY"),
    "encrypted key": lambda m: m.pem("ENCRYPTED " + "PRIVATE KEY"),
    "GCP service account": lambda m: json.dumps(
        {"type": "service_account", "project_id": "ml-data", "private_key": m.pem("PRIVATE" + " KEY")}
    ),
    "GCP service account in base64": lambda m: base64.b64encode(
        json.dumps({"type": "service_account", "private_key": m.pem("PRIVATE" + " KEY")}).encode()
    ).decode(),
    "JSON web token": Maker.jwt,
    "address with a password": lambda m: f"https://reader:{m.of(ALNUM, 12)}@packages.corp.example/simple",
    "Postgres address": lambda m: f"postgresql://ml:{m.of(ALNUM, 10)}@db.corp.internal:5432/features",
    "MongoDB address": lambda m: f"mongodb+srv://ml:{m.of(ALNUM, 16)}@cluster0.corp.mongodb.net/features",
    "Redis address": lambda m: f"rediss://:{m.of(ALNUM, 16)}@cache.corp.internal:6379/0",
    "address with punctuation": lambda m: (
        f"mssql+pyodbc://ml:{m.of(ALNUM, 8)}!$@db.corp.internal/features?driver=x"
    ),
    "JDBC address": lambda m: (
        f"jdbc:postgresql://db.corp.internal:5432/features?user=ml&password={m.of(ALNUM, 10)}"
    ),
    "ODBC connection": lambda m: (
        f"Driver={{ODBC Driver 18}};Server=tcp:db.corp.internal;Uid=ml;Pwd={m.of(ALNUM, 10)};Encrypt=yes"
    ),
    "Discord webhook": lambda m: (
        f"https://{'discord'}.com/api/webhooks/{m.of(string.digits, 18)}/{m.of(URL_SAFE, 68)}"
    ),
    "Teams webhook": lambda m: (
        f"https://corp.webhook.{'office'}.com/webhookb2/{m.uuid()}@{m.uuid()}"
        f"/IncomingWebhook/{m.of(HEX, 32)}/{m.uuid()}"
    ),
    "authorization header": lambda _: (
        "Authorization: Basic " + base64.b64encode(b"reader:passw0rd!").decode()
    ),
    "npm token": lambda m: "np" + "m_" + m.of(ALNUM, 36),
    "PyPI token": lambda m: "py" + "pi-AgEIcHlwaS5vcmc" + m.of(URL_SAFE, 120),
    "Twilio key": lambda m: "S" + "K" + m.of(HEX, 32),
    "SendGrid key": lambda m: "S" + "G." + m.of(URL_SAFE, 22) + "." + m.of(URL_SAFE, 43),
    "Databricks token": lambda m: "da" + "pi" + m.of(HEX, 32),
    "Mailchimp key": lambda m: m.of(HEX, 32) + "-us" + "12",
    "Telegram token": lambda m: m.of(string.digits, 10) + ":A" + "A" + m.of(URL_SAFE, 33),
    "DigitalOcean token": lambda m: "do" + "p_v1_" + m.of(HEX, 64),
    "Docker Hub token": lambda m: "dck" + "r_pat_" + m.of(URL_SAFE, 27),
    "HashiCorp Vault token": lambda m: "hv" + "s." + m.of(URL_SAFE, 95),
    "Terraform token": lambda m: m.of(ALNUM, 14) + ".atlas" + "v1." + m.of(ALNUM, 67),
    "Grafana token": lambda m: "gl" + "sa_" + m.of(ALNUM, 32) + "_" + m.of(HEX, 8),
    "Groq key": lambda m: "gs" + "k_" + m.of(ALNUM, 52),
    "Replicate token": lambda m: "r" + "8_" + m.of(ALNUM, 37),
    "Pinecone key": lambda m: "pc" + "sk_" + m.of(ALNUM, 68),
    "LangSmith key": lambda m: "lsv2" + "_pt_" + m.of(HEX, 32) + "_" + m.of(HEX, 10),
    "Langfuse key": lambda m: "sk" + "-lf-" + m.uuid(),
    "OpenRouter key": lambda m: "sk" + "-or-v1-" + m.of(HEX, 64),
    "NVIDIA key": lambda m: "nv" + "api-" + m.of(URL_SAFE, 64),
    "Neptune token": lambda m: base64.b64encode(
        json.dumps(
            {"api_address": "https://app.neptune.ai", "api_key": m.uuid()}, separators=(",", ":")
        ).encode()
    ).decode(),
    "Linear key": lambda m: "lin" + "_api_" + m.of(ALNUM, 40),
    "Notion token": lambda m: "nt" + "n_" + m.of(ALNUM, 46),
    "Airtable token": lambda m: "p" + "at" + m.of(ALNUM, 14) + "." + m.of(HEX, 64),
    "Atlassian token": lambda m: "ATA" + "TT3" + m.of(URL_SAFE, 180),
    "Postman key": lambda m: "PM" + "AK-" + m.of(HEX, 24) + "-" + m.of(HEX, 34),
    "New Relic key": lambda m: "NR" + "AK-" + m.of(UPPER, 27),
    "Sentry token": lambda m: "snt" + "ryu_" + m.of(HEX, 64),
    "Shopify token": lambda m: "sh" + "pat_" + m.of(HEX, 32),
    "Supabase token": lambda m: "sb" + "p_" + m.of(HEX, 40),
    "RubyGems token": lambda m: "ruby" + "gems_" + m.of(HEX, 48),
    "Doppler token": lambda m: "d" + "p.pt." + m.of(ALNUM, 43),
    "age key": lambda m: "AGE" + "-SECRET-KEY-1" + m.of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "Discord token": lambda m: "M" + m.of(ALNUM, 23) + "." + m.of(ALNUM, 6) + "." + m.of(URL_SAFE, 27),
}
"""Secrets that are told by their form, wherever they stand."""

NAMED: Mapping[str, tuple[str, Callable[[Maker], str]]] = {
    "AWS secret key": ("AWS_SECRET_ACCESS_KEY", lambda m: m.of(BASE64, 40)),
    "AWS secret key, other name": ("S3_SECRET_KEY", lambda m: m.of(BASE64, 40)),
    "W&B key": ("WANDB_API_KEY", lambda m: m.of(HEX, 40)),
    "Comet key": ("COMET_API_KEY", lambda m: m.of(ALNUM, 25)),
    "Cohere key": ("CO_API_KEY", lambda m: m.of(ALNUM, 40)),
    "Datadog key": ("DD_API_KEY", lambda m: m.of(HEX, 32)),
    "Snyk token": ("SNYK_TOKEN", Maker.uuid),
    "MLflow token": ("MLFLOW_TRACKING_TOKEN", lambda m: m.of(ALNUM, 32)),
    "MLflow password": ("MLFLOW_TRACKING_PASSWORD", lambda m: "hunter" + m.of(string.digits, 1)),
    "Snowflake password": ("SNOWFLAKE_PASSWORD", lambda m: "Winter" + m.of(string.digits, 4) + "!"),
    "Postgres password": ("PGPASSWORD", lambda m: m.of(ALNUM, 8)),
    "password of words": ("db_password", lambda _: "correct horse battery staple"),
    "numeric password": ("DB_PWD", lambda m: m.of(string.digits, 8)),
    "plain password": ("REDIS_PASSWORD", lambda _: "letmein"),
    "short password": ("MYSQL_PASS", lambda _: "s3cr" + "3t"),
    "passphrase": ("KEY_PASSPHRASE", lambda m: "open-sesame-" + m.of(string.digits, 3)),
    "Django key": ("SECRET_KEY", lambda m: m.of(ALNUM + "!@#$%^&*(-_=+)", 50)),
    "Fernet key": ("FERNET_KEY", lambda m: base64.urlsafe_b64encode(m.bytes_of(32)).decode()),
    "HMAC key": ("REMOTE_FUNCTION_SECRET_KEY", lambda m: m.of(HEX, 64)),
    "client secret": ("OIDC_CLIENT_SECRET", lambda m: m.uuid()),
    "camel case": ("clientSecret", lambda m: m.of(ALNUM, 32)),
    "hyphens": ("api-key", lambda m: m.of(ALNUM, 24)),
    "private key by name": ("SNOWFLAKE_PRIVATE_KEY", lambda m: m.of(BASE64, 120)),
    "Azure OpenAI key": ("AZURE_OPENAI_API_KEY", lambda m: m.of(HEX, 32)),
    "Artifactory token": ("JFROG_ACCESS_TOKEN", lambda m: m.of(ALNUM, 73)),
    "Kaggle key by its own name": ("KAGGLE_KEY", lambda m: m.of(HEX, 32)),
    "W&B key, other name": ("wandb_key", lambda m: m.of(HEX, 40)),
    "Azure OpenAI key, other name": ("AZURE_OPENAI_KEY", lambda m: m.of(HEX, 32)),
    "Kaggle key": ("KAGGLE_API_KEY", lambda m: m.of(HEX, 32)),
    "DVC credential": ("DVC_REMOTE_CREDENTIALS", lambda m: m.of(ALNUM, 30)),
    "Azure DevOps token": ("AZURE_PAT", lambda m: m.of(string.ascii_lowercase + string.digits, 52)),
    "Git auth": ("GIT_AUTH", lambda m: base64.b64encode(b"reader:" + m.of(ALNUM, 12).encode()).decode()),
    "production password": ("DB_PASSWORD_PROD", lambda m: m.of(ALNUM, 10)),
}
"""Secrets of no form of their own: their name tells."""

RANDOM: Mapping[str, tuple[str, Callable[[Maker], str]]] = {
    "base64 key": ("COMET_WORKSPACE_ACCESS", lambda m: m.base64(32)),
    "URL-safe key": ("tracking_handle", lambda m: m.of(URL_SAFE, 43)),
    "long alphanumeric": ("vendor", lambda m: m.of(ALNUM, 48)),
    "AWS secret key under a neutral name": ("S3_B", lambda m: m.of(BASE64, 40)),
}
"""Secrets that neither form nor name tell."""

_PROGRAM = """import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--api-key", default=os.environ.get("API_KEY"))
password = getpass.getpass()
token: str = client.get_secret_value(SecretId=name)["SecretString"]
secret = response["SecretString"]
"""
_SCRIPT = """#!/bin/bash
set -eux
export HF_TOKEN=$(aws secretsmanager get-secret-value --secret-id hf --query SecretString --output text)
export DB_PASSWORD="${DB_PASSWORD:?}"
API_KEY=`cat /run/secrets/api_key`
pip install --index-url https://packages.corp.example/simple -r requirements.txt
conda install --yes pytorch==2.8.0 cudatoolkit=12.8
TOKEN_PATH=/home/ec2-user/.token
git clone https://github.com/corp/ml.git && cd ml && git checkout 9fceb02d0ae598e95dc970b74767f19372d61af8
"""


def look_alikes(m: Maker) -> Iterator[tuple[str, str, str]]:
    """Label, name and value of texts that are no secret."""
    account, region = "111122223333", "eu-west-1"
    job = f"pytorch-training-2026-11-01-10-11-12-{m.of(string.digits, 3)}"
    image = f"{account}.dkr.ecr.{region}.amazonaws.com/train"
    plain: Mapping[str, tuple[tuple[str, str], ...]] = {
        "SageMaker's own hyperparameter": (
            ("sagemaker_program", '"train.py"'),
            (
                "sagemaker_submit_directory",
                f'"s3://sagemaker-{region}-{account}/{job}/source/sourcedir.tar.gz"',
            ),
            ("sagemaker_job_name", f'"{job}"'),
            ("sagemaker_region", f'"{region}"'),
            ("sagemaker_container_log_level", "20"),
            ("sagemaker_mpi_custom_mpi_options", '"-verbose --NCCL_DEBUG=INFO"'),
            ("sagemaker_instance_type", '"ml.p4d.24xlarge"'),
            ("_tuning_objective_metric", "validation:accuracy"),
            ("sagemaker_estimator_class_name", '"PyTorch"'),
            ("sagemaker_estimator_module", '"sagemaker.pytorch.estimator"'),
        ),
        "the SDK's environment": (
            ("SAGEMAKER_PROGRAM", "inference.py"),
            ("SAGEMAKER_SUBMIT_DIRECTORY", f"s3://sagemaker-{region}-{account}/{job}/model/model.tar.gz"),
            ("SAGEMAKER_CONTAINER_LOG_LEVEL", "20"),
            ("SAGEMAKER_REGION", region),
            ("SAGEMAKER_TFS_NGINX_LOGLEVEL", "info"),
            ("AWS_DEFAULT_REGION", region),
            ("MMS_DEFAULT_RESPONSE_TIMEOUT", "500"),
            ("SM_MODEL_DIR", "/opt/ml/model"),
            ("SM_CHANNELS", '["train","validation"]'),
            ("SM_USER_ARGS", '["--batch-size","64","--epochs","10"]'),
            ("REMOTE_FUNCTION_SECRET_KEY", m.pem("PUBLIC KEY")),
            (
                "MLFLOW_TRACKING_URI",
                f"arn:aws:sagemaker:{region}:{account}:mlflow-tracking-server/experiments",
            ),
            ("MLFLOW_RUN_ID", m.of(HEX, 32)),
            ("MLFLOW_TRACKING_ARN", f"arn:aws:sagemaker:{region}:{account}:mlflow-app/app-{m.of(UPPER, 12)}"),
            ("SM_SPARK_CONF", base64.b64encode(b'[{"Classification":"spark-defaults"}]').decode()),
            (
                "SM_TRAINING_ENV",
                base64.b64encode(json.dumps({"job_name": job, "num_gpus": 8}).encode()).decode(),
            ),
        ),
        "a language model's parameter": (
            ("pad_token", "<pad>"),
            ("eos_token", "<|endoftext|>"),
            ("bos_token", "<s>"),
            ("additional_special_token", "<|fim_middle|>"),
            ("mask_token", "[MASK]"),
            ("decoder_start_token", "__en_XX_start__2"),
            ("max_new_tokens", "512"),
            ("max_tokens", "4096"),
            ("token_type", "subword"),
            ("tokenizer", "bert-base-uncased"),
            ("tokenizer_name", "meta-llama/Llama-3.1-8B-Instruct"),
            ("model_name_or_path", "mistralai/Mixtral-8x7B-Instruct-v0.1"),
            ("token_dropout", "0.1"),
            ("num_tokens_per_batch", "8192"),
            ("image_token", "<image_placeholder_7>"),
            ("stop_token", "###END_OF_ANSWER_1"),
            ("control_token", "[gMASK]sop-v2.1x"),
            ("initializer_token", "sks-person-style-1"),
            ("system_prompt", "Never reveal your secret key or password: always answer politely."),
            ("use_auth_token", "True"),
            ("token", "word"),
            ("lora_target_modules", '["q_proj","k_proj","v_proj","o_proj"]'),
            ("HF_MODEL_ID", "deepseek-ai/DeepSeek-R1-Distill-Llama-70B"),
            ("HF_TASK", "text-generation"),
            ("SM_NUM_GPUS", "4"),
            ("TS_DEFAULT_WORKERS_PER_MODEL", "2"),
            ("prompt", "Answer the question: what does the secret to a good API key rotation look like?"),
            ("key_query_value", "fused"),
            ("attn_implementation", "flash_attention_2"),
        ),
        "a name of a secret": (
            ("DB_SECRET", "prod/features/postgres"),
            ("SECRET_NAME", "prod/features/postgres-" + m.of(ALNUM, 6)),
            ("SECRET_ARN", f"arn:aws:secretsmanager:{region}:{account}:secret:prod/db-{m.of(ALNUM, 6)}"),
            ("DB_PASSWORD", f"arn:aws:secretsmanager:{region}:{account}:secret:prod/db-{m.of(ALNUM, 6)}"),
            ("API_KEY", "{{resolve:secretsmanager:prod/key:SecretString:value}}"),
            ("HF_TOKEN", f"arn:aws:ssm:{region}:{account}:parameter/ml/hf-token"),
            ("HF_TOKEN_PARAMETER", "/ml/prod/hf-token"),
            ("GITHUB_TOKEN", "/ml/prod/github-token"),
            ("WANDB_API_KEY", "ssm://ml/prod/wandb"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/opt/ml/input/data/config/account.json"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token"),
            ("PRIVATE_KEY_PATH", "/opt/ml/input/data/config/key.pem"),
            ("SSH_KEY", "~/.ssh/id_ed25519"),
            ("OPENAI_API_KEY", "${OPENAI_API_KEY}"),
            ("REDIS_PASSWORD", "$REDIS_PASSWORD"),
            ("API_TOKEN", "<your token here>"),
            ("API_KEY", "your-api-key-here"),
            ("PASSWORD", "changeme"),
            ("PASSWORD", "********"),
            ("DB_PASSWORD", ""),
            ("ACCESS_TOKEN", "none"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7" + "EXAMPLE"),
            ("api_key_env", "OPENAI_API_KEY"),
            ("api_key", "OPENAI_API_KEY"),
            ("TOKEN_URL", "https://login.corp.example/oauth2/token"),
            ("SECRETS_PROVIDER", "aws-secrets-manager"),
            ("password_column", "hashed_password"),
            ("secret_rotation_days", "30"),
            ("TOKEN_EXPIRY_SECONDS", "3600"),
            ("PUBLIC_KEY", m.of(BASE64, 30)),
            ("credential_provider", "container"),
        ),
        "a key of another kind": (
            ("primary_key", "customer_id"),
            ("partition_key", "event_date_2026_11_01"),
            ("join_key", "session_uuid_v4_string"),
            ("KMS_KEY", f"arn:aws:kms:{region}:{account}:key/{m.uuid()}"),
            ("KMS_KEY_ID", m.uuid()),
            ("ENCRYPTION_KEY", "alias/ml-artifacts"),
            ("S3_KEY", "datasets/churn/2026/11/01/part-00000-snappy.parquet"),
            ("label_key", "target"),
            ("sort_key", "created_at_timestamp"),
            ("WANDB_PROJECT", "churn-prediction"),
            ("WANDB_RUN_ID", m.of(ALNUM, 8)),
            ("CLIENT_ID", m.uuid()),
        ),
        "a hash": (
            ("GIT_COMMIT", m.of(HEX, 40)),
            ("git_sha", m.of(HEX, 40)),
            ("revision", m.of(HEX, 40)),
            ("code_version", m.of(HEX, 40)),
            ("dataset_sha256", m.of(HEX, 64)),
            ("data", m.of(HEX, 64)),
            ("etag", f'"{m.of(HEX, 32)}-12"'),
            ("ETag", m.of(HEX, 32)),
            ("checksum", m.base64(32)),
            ("ChecksumSHA256", m.base64(32)),
            ("content_md5", m.base64(16)),
            ("image_digest", "sha256:" + m.of(HEX, 64)),
            ("run_id", m.uuid()),
            ("experiment", m.uuid()),
            ("trace_parent", f"00-{m.of(HEX, 32)}-{m.of(HEX, 16)}-01"),
        ),
        "an address": (
            ("train_data", f"s3://sagemaker-{region}-{account}/{job}/input/{m.of(HEX, 32)}/train.csv"),
            ("image", f"{image}:2026-11-01-{m.of(HEX, 12)}"),
            ("base_image", f"{image}@sha256:{m.of(HEX, 64)}"),
            (
                "dlc",
                f"763104351884.dkr.ecr.{region}.amazonaws.com/pytorch-training:2.8.0-gpu-py312-cu129-ubuntu22.04",
            ),
            (
                "role",
                f"arn:aws:iam::{account}:role/service-role/AmazonSageMaker-ExecutionRole-20261101T101112",
            ),
            ("endpoint", f"https://runtime.sagemaker.{region}.amazonaws.com/endpoints/churn/invocations"),
            ("package_index", "https://packages.corp.example/simple"),
            ("repo", "https://github.com/corp/ml.git"),
            ("ssh_repo", "git@github.com:corp/ml.git"),
            ("db_host", "features.cluster-c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com:5432"),
            ("jdbc", "jdbc:postgresql://db.corp.internal:5432/features"),
            ("mlflow", "http://mlflow.corp.internal:5000"),
            ("webhook", "https://hooks.corp.example/train-done"),
            ("email", "ml-team@corp.example"),
            ("proxy", "http://proxy.corp.internal:3128"),
            ("database", "postgresql://${DB_USER}:${DB_PASSWORD}@db.corp.internal/features"),
            ("database_template", "postgresql://{user}:{password}@db.corp.internal/features"),
            ("masked", "postgresql://ml:***@db.corp.internal/features"),
            ("pinned", f"docker://trainer:2.8@sha256:{m.of(HEX, 64)}"),
            ("jdbc_without", "jdbc:postgresql://db.corp.internal:5432/features?user=ml&sslmode=require"),
            (
                "jdbc_by_reference",
                "jdbc:postgresql://db.corp.internal/features?user=ml&password=${DB_PASSWORD}",
            ),
        ),
        "a name": (
            ("job", job),
            ("endpoint_name", f"churn-endpoint-2026-11-01-10-11-12-{m.of(string.digits, 3)}"),
            ("experiment_name", "ChurnPredictionWithGradientBoostingAndFeatureStoreV2"),
            ("feature", "AverageMonthlyTransactionValueLast12MonthsInEuro"),
            ("feature_group", "customers-2026-11-01T10-11-12Z"),
            ("class", "com.corp.ml.training.GradientBoostingTrainerFactory2"),
            ("entry", "sagemaker_remote_function_bootstrap/job_driver.sh"),
            ("columns", "customer_id,age,tenure,monthly_charges,total_charges,churn_label"),
            ("features", '["customer_id","password_reset_count","token_usage_30d","secret_santa_flag"]'),
            ("stop_words", "token password secret key credential"),
            ("metric_regex", r"validation-accuracy=([0-9\\.]+);token_accuracy=([0-9\\.]+)"),
            ("timestamp", "2026-11-01T10:11:12.131415+00:00"),
            ("version", "2.8.0+cu129"),
            ("instance", "ml.p5.48xlarge"),
            ("learning_rate", "3e-05"),
            ("seed", "20261101101112131415"),
            ("config", '{"optimizer": "adamw", "betas": [0.9, 0.999], "max_tokens": 4096, "key": "label"}'),
            ("search_space", '{"lr": {"min": 1e-5, "max": 1e-2}, "tokenizer": ["bpe", "wordpiece"]}'),
            (
                "query",
                "SELECT customer_id, password_changed_at FROM users WHERE token IS NOT NULL AND key = 'label'",
            ),
            ("pickled", base64.b64encode(m.bytes_of(600)).decode()),
            ("wheel", "torch-2.8.0+cu129-cp312-cp312-manylinux_2_28_x86_64.whl"),
            ("spark", "--conf spark.executor.memory=8g --conf spark.sql.shuffle.partitions=200"),
            ("NCCL_SOCKET_IFNAME", "^lo,docker0"),
            ("PYTHONPATH", "/opt/ml/code:/opt/ml/input/data/code"),
            ("Classes", "AbstractSingletonProxyFactoryBean2,TransactionAwarePersistenceManager3"),
        ),
        "a program": (("on_start", _SCRIPT), ("script", _PROGRAM)),
    }
    for label, pairs in plain.items():
        for name, value in pairs:
            yield label, name, value


def cases(seed: int) -> Iterator[Case]:
    """Every case, with secrets and look-alikes made anew for each seed."""
    m = Maker(seed)
    for label, make in FORMATS.items():
        value = make(m)
        yield Case(label=label, secret=True, place="Environment", value={"CONNECTION": value})
        yield Case(label=label, secret=True, place="HyperParameters", value={"extra": json.dumps(value)})
        yield Case(
            label=label, secret=True, place="HyperParameters", value={"config": json.dumps({"a": [value]})}
        )
        yield Case(label=label, secret=True, place="ContainerArguments", value=["--verbose", "--with", value])
        script = f"#!/bin/bash\nset -e\nexport CONNECTION='{value}'\npython train.py\n"
        yield Case(label=label, secret=True, place="Content", value=_encoded(script), encoded=True)
    for label, (name, make) in NAMED.items():
        value = make(m)
        option = "--" + name.lower().replace("_", "-")
        yield Case(label=label, secret=True, place="Environment", value={name: value})
        yield Case(label=label, secret=True, place="HyperParameters", value={name: json.dumps(value)})
        yield Case(
            label=label, secret=True, place="HyperParameters", value={"config": json.dumps({name: value})}
        )
        yield Case(label=label, secret=True, place="ContainerArguments", value=["train.py", option, value])
        yield Case(label=label, secret=True, place="ContainerArguments", value=[f"{option}={value}"])
        yield Case(label=label, secret=True, place="Tags", value=[{"Key": name, "Value": value}])
        yield Case(
            label=label,
            secret=True,
            place="Content",
            value=_encoded(f"export {name}='{value}'\nrun\n"),
            encoded=True,
        )
        yield Case(
            label=label,
            secret=True,
            place="ContainerEntrypoint",
            value=["bash", "-c", f'{name}="{value}" python t.py'],
        )
    for label, (name, make) in RANDOM.items():
        value = make(m)
        yield Case(label=label, secret=True, place="Environment", value={name: value})
        yield Case(label=label, secret=True, place="ContainerArguments", value=[f"--{name}={value}"])
    for label, name, value in look_alikes(m):
        script = _encoded(f'export {name}="{value}"\nrun\n')
        for place, content in (
            ("Environment", {name: value}),
            ("HyperParameters", {name: json.dumps(value)}),
            ("HyperParameters", {"config": json.dumps({name: value})}),
            ("ContainerArguments", ["train.py", f"--{name}", value]),
            ("ContainerArguments", [f"--{name}={value}"]),
            ("Content", script),
        ):
            yield Case(
                label=label,
                secret=False,
                place=place,
                value=content,
                name=name,
                encoded=content is script,
            )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
