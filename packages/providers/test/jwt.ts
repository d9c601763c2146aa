import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'

/** A key pair: the JWK of its public half, and tokens signed with the other. */
export async function jwtKey(alg: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const key = { kty: '', ...(await exportJWK(publicKey)), kid: 'k1' }
  const token = (claims: JWTPayload, kid = 'k1'): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(privateKey)
  return { key, token }
}
