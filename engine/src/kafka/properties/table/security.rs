//! Properties of TLS and SASL, secrets among them.

use super::{ALL, Property, boolean, integer, one_of, secret, text};

const MECHANISMS: &[&str] = &["GSSAPI", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];

const KINIT: &str = "kinit -R -t \"%{sasl.kerberos.keytab}\" -k %{sasl.kerberos.principal} || \
    kinit -t \"%{sasl.kerberos.keytab}\" -k %{sasl.kerberos.principal}";

/// Properties of TLS and SASL, secrets among them.
pub(super) const SECURITY: &[Property] = &[
    one_of(
        "security.protocol",
        ALL,
        &["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"],
        "plaintext",
    ),
    text("ssl.cipher.suites", ALL, ""),
    text("ssl.curves.list", ALL, ""),
    text("ssl.sigalgs.list", ALL, ""),
    text("ssl.key.location", ALL, ""),
    secret("ssl.key.password", ALL),
    secret("ssl.key.pem", ALL),
    text("ssl.certificate.location", ALL, ""),
    text("ssl.certificate.pem", ALL, ""),
    text("ssl.ca.location", ALL, ""),
    text("https.ca.location", ALL, ""),
    text("https.ca.pem", ALL, ""),
    text("ssl.ca.pem", ALL, ""),
    text("ssl.ca.certificate.stores", ALL, "Root"),
    text("ssl.crl.location", ALL, ""),
    text("ssl.keystore.location", ALL, ""),
    secret("ssl.keystore.password", ALL),
    text("ssl.providers", ALL, ""),
    text("ssl.engine.location", ALL, ""),
    text("ssl.engine.id", ALL, "dynamic"),
    boolean("enable.ssl.certificate.verification", ALL, "true"),
    one_of("ssl.endpoint.identification.algorithm", ALL, &["none", "https", ">none"], "https"),
    one_of("sasl.mechanisms", ALL, MECHANISMS, "GSSAPI"),
    text("sasl.kerberos.service.name", ALL, "kafka"),
    text("sasl.kerberos.principal", ALL, "kafkaclient"),
    text("sasl.kerberos.kinit.cmd", ALL, KINIT),
    text("sasl.kerberos.keytab", ALL, ""),
    integer("sasl.kerberos.min.time.before.relogin", ALL, (0, 86_400_000), "60000"),
    text("sasl.username", ALL, ""),
    secret("sasl.password", ALL),
    secret("sasl.oauthbearer.config", ALL),
    boolean("enable.sasl.oauthbearer.unsecure.jwt", ALL, "false"),
    one_of("sasl.oauthbearer.method", ALL, &["default", "oidc"], "default"),
    text("sasl.oauthbearer.client.id", ALL, ""),
    secret("sasl.oauthbearer.client.secret", ALL),
    text("sasl.oauthbearer.scope", ALL, ""),
    text("sasl.oauthbearer.extensions", ALL, ""),
    text("sasl.oauthbearer.token.endpoint.url", ALL, ""),
    one_of(
        "sasl.oauthbearer.grant.type",
        ALL,
        &["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "client_credentials",
    ),
    one_of("sasl.oauthbearer.assertion.algorithm", ALL, &["RS256", "ES256"], "RS256"),
    text("sasl.oauthbearer.assertion.private.key.file", ALL, ""),
    secret("sasl.oauthbearer.assertion.private.key.passphrase", ALL),
    secret("sasl.oauthbearer.assertion.private.key.pem", ALL),
    text("sasl.oauthbearer.assertion.file", ALL, ""),
    text("sasl.oauthbearer.assertion.claim.aud", ALL, ""),
    integer("sasl.oauthbearer.assertion.claim.exp.seconds", ALL, (1, 2_147_483_647), "300"),
    text("sasl.oauthbearer.assertion.claim.iss", ALL, ""),
    boolean("sasl.oauthbearer.assertion.claim.jti.include", ALL, "false"),
    integer("sasl.oauthbearer.assertion.claim.nbf.seconds", ALL, (0, 2_147_483_647), "60"),
    text("sasl.oauthbearer.assertion.claim.sub", ALL, ""),
    text("sasl.oauthbearer.assertion.jwt.template.file", ALL, ""),
    one_of("sasl.oauthbearer.metadata.authentication.type", ALL, &["none", "azure_imds"], "none"),
];
