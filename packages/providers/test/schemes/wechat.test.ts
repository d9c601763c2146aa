import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wechatCipher } from '../../src/schemes/wechat.ts'

const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'

test('what is encrypted decrypts to the same text, for its receiver alone', () => {
  const cipher = wechatCipher('wechat', KEY, 'wx1')
  const other = wechatCipher('wechat', KEY, 'wx2')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encrypted = cipher.encrypt(text)
      expect(cipher.decrypt(encrypted)).toBe(text)
      expect(() => other.decrypt(encrypted)).toThrow(
        expect.objectContaining({ problem: 'not_allowed', expected: 'for this receiveId' }),
      )
    }),
  )
})

test('what is no cipher text is rejected, whatever it is', () => {
  const cipher = wechatCipher('wechat', KEY, 'wx1')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 96 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      expect(() => cipher.decrypt(text)).toThrow(
        expect.objectContaining({
          problem: expect.stringMatching(/^(?:undecryptable|not_allowed)$/),
        }),
      )
    }),
  )
})
