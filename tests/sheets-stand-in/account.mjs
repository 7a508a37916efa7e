// A service account of Google's, and the endpoint that gives an access token for what it signed.

import { createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";

import { ApiError } from "./spreadsheet.mjs";

const SCOPE = "https://www.googleapis.com/auth/spreadsheets";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EMAIL = "shop@stand-in.iam.gserviceaccount.com";
const KEY_ID = "stand-in-key";
/** The longest life of an assertion, and how far clocks may differ. */
const LIFE_SECONDS_MAX = 3600;
const LEEWAY_SECONDS = 300;

class TokenError extends ApiError {
  constructor(error, description) {
    super(400, error, description);
    this.body = { error, error_description: description };
  }
}

export class Account {
  #tokenUri;
  #privateKey;
  #publicKey;
  #tokens = new Set();

  constructor(tokenUri) {
    this.#tokenUri = tokenUri;
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.#privateKey = privateKey.export({ type: "pkcs8", format: "pem" });
    this.#publicKey = createPublicKey(privateKey);
  }

  /** The file that Google makes for a key. */
  keyFile() {
    const file = {
      type: "service_account",
      project_id: "stand-in",
      private_key_id: KEY_ID,
      private_key: this.#privateKey,
      client_email: EMAIL,
      client_id: "1",
      token_uri: this.#tokenUri,
    };
    return JSON.stringify(file, null, 2);
  }

  token(form) {
    if (form.get("grant_type") !== GRANT) throw new TokenError("unsupported_grant_type", "Invalid grant_type");
    this.#check(form.get("assertion") ?? "");
    const token = randomBytes(16).toString("hex");
    this.#tokens.add(token);
    return { access_token: token, expires_in: 3599, token_type: "Bearer" };
  }

  checkToken(authorization) {
    if (!this.#tokens.has(authorization?.replace(/^Bearer /, ""))) {
      throw new ApiError(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    }
  }

  forgetTokens() {
    this.#tokens.clear();
  }

  #check(assertion) {
    const [header, claims, signature] = assertion.split(".");
    const read = (part) => JSON.parse(Buffer.from(part ?? "", "base64url").toString() || "{}");
    const { alg, typ, kid } = read(header);
    if (alg !== "RS256" || typ !== "JWT" || kid !== KEY_ID) throw new TokenError("invalid_grant", "Invalid JWT header");
    const signed = Buffer.from(`${header}.${claims}`);
    if (!verify("RSA-SHA256", signed, this.#publicKey, Buffer.from(signature ?? "", "base64url"))) {
      throw new TokenError("invalid_grant", "Invalid JWT Signature.");
    }
    const { iss, aud, scope, iat, exp } = read(claims);
    if (iss !== EMAIL) throw new TokenError("invalid_grant", "Invalid grant: account not found");
    if (aud !== this.#tokenUri) throw new TokenError("invalid_grant", "Invalid JWT: audience");
    if (scope !== SCOPE) throw new TokenError("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    const now = Date.now() / 1000;
    if (!(exp - iat <= LIFE_SECONDS_MAX && iat <= now + LEEWAY_SECONDS && exp >= now - LEEWAY_SECONDS)) {
      throw new TokenError("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)");
    }
  }
}
