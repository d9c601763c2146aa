import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'

/** Creates a key pair. Returns the public key as JWK, and a function that signs tokens with the private key. */
export async function jwtKey(alg: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const key = { kty: '', ...(await exportJWK(publicKey)), kid: 'k1' }
  const token = (claims: JWTPayload, kid = 'k1'): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(privateKey)
  return { key, token }
}
