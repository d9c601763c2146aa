import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { WebhookError } from '@postern/core'
import { safeEqual } from '@postern/core/internal'

/** The secure mode of WeChat and WeCom. */
interface WechatCipher {
  decrypt(encrypted: string): string
  encrypt(message: string): string
}

/**
 * AES-256-CBC with padding to 32 bytes, around 16 random bytes, the length, the message and who it is for.
 *
 * @throws TypeError if the key is not 43 characters of base64.
 */
export function wechatCipher(
  provider: string,
  encodingAESKey: string,
  receiveId: string,
): WechatCipher {
  if (!/^[A-Za-z0-9+/]{43}$/.test(encodingAESKey))
    throw new TypeError(`${provider}: encodingAESKey must be 43 letters and digits of base64`)
  if (typeof receiveId !== 'string' || receiveId === '')
    throw new TypeError(`${provider}: receiveId must be the appid or CorpId messages are for`)
  const key = Buffer.from(`${encodingAESKey}=`, 'base64')
  const iv = key.subarray(0, 16)
  return {
    decrypt(encrypted) {
      const bytes = Buffer.from(encrypted, 'base64')
      if (bytes.length === 0 || bytes.length % 16 !== 0) throw undecryptable()
      const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
      const padded = Buffer.concat([decipher.update(bytes), decipher.final()])
      const padding = padded.at(-1)!
      const end = padded.length - padding
      if (padding < 1 || padding > 32 || end < 20) throw undecryptable()
      const length = padded.readUInt32BE(16)
      if (20 + length > end) throw undecryptable()
      if (!safeEqual(padded.subarray(20 + length, end).toString('utf8'), receiveId))
        throw new WebhookError('signature_mismatch', {
          problem: 'not_allowed',
          field: 'Encrypt',
          expected: 'for this receiveId',
        })
      return padded.subarray(20, 20 + length).toString('utf8')
    },
    encrypt(message) {
      const content = Buffer.from(message)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(content.length)
      const plain = Buffer.concat([randomBytes(16), length, content, Buffer.from(receiveId)])
      const padding = 32 - (plain.length % 32)
      const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
      const padded = Buffer.concat([plain, Buffer.alloc(padding, padding)])
      return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64')
    },
  }
}

function undecryptable(): WebhookError {
  return new WebhookError('malformed_body', { problem: 'undecryptable', option: 'encodingAESKey' })
}
