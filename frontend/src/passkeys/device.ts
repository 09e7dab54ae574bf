// What the browser and the device do: options of the server in, the answer as JSON out (Web Authentication, section 5).
import { decode64, encode64 } from "../protocol/bytes";

export type Json = Record<string, unknown>;

interface Descriptor {
  id: string;
  type: PublicKeyCredentialType;
  transports?: AuthenticatorTransport[];
}

/** Whether passkeys can work here at all: a number is no name that they could be bound to. */
export function canUsePasskeys(): boolean {
  const isNumber = /^[\d.]+$|:/.test(location.hostname.replace(/^\[/, ":"));
  return window.isSecureContext && "PublicKeyCredential" in window && !isNumber;
}

/** A new passkey, or a DOMException for who changed their mind. */
export async function create(options: Json): Promise<Json> {
  const user = options["user"] as PublicKeyCredentialUserEntityJSON;
  const publicKey = {
    ...options,
    challenge: decode64(options["challenge"]),
    user: { ...user, id: decode64(user.id) },
    excludeCredentials: descriptors(options["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return answer(made, {
    attestationObject: encode64(new Uint8Array(response.attestationObject)),
    transports: response.getTransports(),
  });
}

/** A signature of a passkey, or a DOMException for who changed their mind. */
export async function get(options: Json): Promise<Json> {
  const publicKey = {
    ...options,
    challenge: decode64(options["challenge"]),
    allowCredentials: descriptors(options["allowCredentials"]),
  } as unknown as PublicKeyCredentialRequestOptions;
  const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const response = found.response as AuthenticatorAssertionResponse;
  return answer(found, {
    authenticatorData: encode64(new Uint8Array(response.authenticatorData)),
    signature: encode64(new Uint8Array(response.signature)),
    userHandle: response.userHandle ? encode64(new Uint8Array(response.userHandle)) : null,
  });
}

function descriptors(list: unknown): PublicKeyCredentialDescriptor[] {
  return ((list ?? []) as Descriptor[]).map((one) => ({ ...one, id: decode64(one.id) }));
}

function answer(credential: PublicKeyCredential, response: Json): Json {
  return {
    id: credential.id,
    rawId: encode64(new Uint8Array(credential.rawId)),
    type: credential.type,
    response: { ...response, clientDataJSON: encode64(new Uint8Array(credential.response.clientDataJSON)) },
    clientExtensionResults: { credProps: credential.getClientExtensionResults().credProps ?? {} },
  };
}
