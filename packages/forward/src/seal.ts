import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** What the `key` option takes: 32 bytes, as they are, in base64 or in hex; the first of several seals, all of them open. */
export type KeyOption = string | Uint8Array | readonly (string | Uint8Array)[]

/** Encrypts small texts for the place they are kept in. */
export interface Seal {
  seal(text: string, place: string): string
  /** Throws where no key fits, or where the text was changed or is from another place. */
  open(sealed: string, place: string): string
}

/**
 * Makes a seal: AES-256-GCM with a random nonce, and the place as additional data, so that a sealed text that is moved
 * to another place does not open. Throws a `TypeError` for a key that is none.
 */
export function createSeal(option: KeyOption): Seal {
  const given = Array.isArray(option) ? (option as readonly (string | Uint8Array)[]) : [option]
  const keys = given.map((each) => toKey(each as string | Uint8Array))
  const [first] = keys
  if (!first) throw new TypeError('key must not be an empty list')
  return {
    seal(text, place) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', first.bytes, nonce)
      cipher.setAAD(Buffer.from(place))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return [
        'v1',
        first.id,
        ...[nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url')),
      ].join('.')
    },
    open(sealed, place) {
      const [version, id, ...parts] = sealed.split('.')
      const [nonce, text, tag] = parts.map((part) => Buffer.from(part, 'base64url'))
      const key = keys.find((each) => each.id === id)
      if (version !== 'v1' || !key || !nonce || !text || tag?.length !== 16)
        throw new Error(`key: what is kept for ${place} was sealed with a key that is not given`)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: 16 })
        decipher.setAAD(Buffer.from(place))
        decipher.setAuthTag(tag)
        return decipher.update(text, undefined, 'utf8') + decipher.final('utf8')
      } catch (error) {
        throw new Error(`key: what is kept for ${place} was changed, or is from another place`, {
          cause: error,
        })
      }
    },
  }
}

function toKey(given: string | Uint8Array): { readonly id: string; readonly bytes: Uint8Array } {
  const bytes =
    typeof given !== 'string'
      ? given
      : Buffer.from(given, /^[0-9a-fA-F]{64}$/.test(given) ? 'hex' : 'base64')
  if (!(bytes instanceof Uint8Array) || bytes.length !== 32)
    throw new TypeError(
      'key must be 32 random bytes, or their base64 or hex: node -p "crypto.randomBytes(32).toString(\'base64\')" makes one',
    )
  // Says which key it was and nothing of what it is.
  return { bytes, id: createHash('sha256').update(bytes).digest('hex').slice(0, 8) }
}
