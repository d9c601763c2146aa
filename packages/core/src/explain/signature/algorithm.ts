import { createHmac } from 'node:crypto'
import { encode, fromBase64, fromBase64url, fromHex } from '../../body/bytes.ts'
import { hmacDigest } from '../../provider/schemes/hmac.ts'
import { messageParts } from '../../provider/schemes/signature/message.ts'
import { watch, type Compared } from '../../provider/schemes/signature/watch.ts'
import type { Bounds } from '../bounds.ts'
import { bytesOf, rekeyed } from '../trial/keys.ts'
import { encodingStep } from './signature-text.ts'
import { withHeaders, type Change } from '../finding.ts'
import type { TrialState, Trial } from '../trial/trial.ts'

const MOST = 50
const BY_LENGTH: Readonly<Record<number, readonly string[]>> = {
  16: ['md5'],
  20: ['sha1'],
  28: ['sha224'],
  32: ['sha256', 'sha3-256'],
  48: ['sha384'],
  64: ['sha512'],
}

/** Finds signatures that were made by another hash function, among those an HMAC was compared with. */
export async function algorithms(
  state: TrialState,
  trial: Trial,
  bounds: Bounds,
): Promise<Change[]> {
  const found: Change[] = []
  for (const key of state.keys) {
    const bytes = bytesOf(key)
    if (!bytes || bounds.over()) continue
    const seen: Compared[] = []
    // A copy is watched: the receiver verifies deliveries with the key itself meanwhile.
    const copy = Uint8Array.from(bytes)
    watch(copy, (found) => void (seen.length < MOST && seen.push(found)))
    await trial.run({ ...state, keys: [rekeyed(key, copy)] })
    for (const one of seen) {
      if (bounds.over()) return found
      const change = other(state, bytes, one)
      if (change) found.push(change)
    }
  }
  return found
}

function other(state: TrialState, key: Uint8Array, seen: Compared): Change | undefined {
  for (const candidate of seen.candidates.slice(0, 4)) {
    const given = fromHex(candidate) ?? fromBase64(candidate) ?? fromBase64url(candidate)
    for (const algorithm of BY_LENGTH[given?.length ?? 0] ?? []) {
      if (algorithm === seen.algorithm) continue
      const mac = createHmac(algorithm, key)
      for (const part of messageParts(seen.message)) mac.update(part)
      if (!mac.digest().equals(given!)) continue
      const right = hmacDigest(seen.algorithm, seen.encoding, key, seen.message)
      for (const [name, lines] of state.request.headers) {
        if (!lines[0]?.includes(candidate)) continue
        return {
          request: withHeaders(state.request, { [name]: [lines[0].replace(candidate, right)] }),
          steps: [
            {
              cause: 'signature-algorithm',
              message: `${name} was signed with ${algorithm}, and this provider verifies ${seen.algorithm}`,
              remedy: `let the sender sign with ${seen.algorithm}, or use the provider's option for the algorithm where it has one`,
            },
            ...(isWritten(candidate, given!, seen.encoding) ? [] : [encodingStep(name)]),
          ],
        }
      }
    }
  }
  return undefined
}

function isWritten(text: string, bytes: Uint8Array, encoding: Compared['encoding']): boolean {
  return text === encode(bytes, encoding)
}
