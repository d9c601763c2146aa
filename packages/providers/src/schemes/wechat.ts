import { joinedId } from './ids.ts'
import { Buffer } from 'node:buffer'
import { createHash, randomBytes, createCipheriv, createDecipheriv } from 'node:crypto'
import { textReply, WebhookError, type Delivery, type Reply } from '@postern/core'
import {
  checkTimestamp,
  mergeDeep,
  mismatch,
  parseJson,
  parseTimestamp,
  parseXml,
  safeEqual,
  toleranceOption,
} from '@postern/core/internal'
import type { Draft, EventDraft, Scheme } from '@postern/core/scheme'
import { field, member, narrowed, needed, single, text } from '../common/read.ts'
import { xmlElements } from './xml-elements.ts'

interface WechatSignatureOptions {
  readonly tolerance: number | undefined
  /** Returns the encrypted text, which the signature covers. Undefined if there is none. */
  readonly signed: (delivery: Delivery) => string | undefined
  /** True in secure mode, where messages are encrypted. */
  readonly secure: boolean
}

/**
 * Signs with SHA-1 over token, time, nonce and (in secure mode) the encrypted text, sorted and joined. The query
 * parameter `signature` has the signature. If the signature covers an encrypted text, the parameter is `msg_signature`.
 */
export function wechatSignature(options: WechatSignatureOptions): Scheme<string> {
  const tolerance = toleranceOption(options.tolerance, 300)
  return {
    covers: { body: options.secure ? 'fields' : 'none', timestamp: true },
    credentials: { query: ['signature', 'msg_signature'] },
    signatures: ['signature', 'msg_signature'],
    key: (secret) => secret,
    verify(delivery, keys, now) {
      const signed = options.signed(delivery)
      const name = signed === undefined ? 'signature' : 'msg_signature'
      const given = parameter(delivery, name)
      const timestamp = parameter(delivery, 'timestamp')
      const nonce = parameter(delivery, 'nonce')
      const time = parseTimestamp(timestamp, 'timestamp')
      const rest = signed === undefined ? [] : [signed]
      const found = keys.findIndex((key) =>
        safeEqual(digest(key, timestamp, nonce, ...rest), given),
      )
      if (found < 0)
        throw mismatch({ parameter: name }, keys.length, signed === undefined ? {} : { delivery })
      checkTimestamp(time, now, tolerance)
      return found
    },
    sign(request, token, now) {
      const url = new URL(request.url)
      const timestamp = String(Math.floor(now / 1000))
      const nonce = String(randomBytes(4).readUInt32BE())
      const encrypted = /<Encrypt><!\[CDATA\[([\w+/=]*)\]\]>/.exec(
        Buffer.from(request.body).toString(),
      )
      const rest = encrypted ? [encrypted[1]!] : []
      const name = encrypted ? 'msg_signature' : 'signature'
      url.searchParams.set('timestamp', timestamp)
      url.searchParams.set('nonce', nonce)
      url.searchParams.set(name, digest(token, timestamp, nonce, ...rest))
      return { ...request, url: url.href }
    },
  }
}

/** Form of a text to echo. No message has this form, so the receiver never decrypts a message for an attacker. */
export const ECHO: RegExp = /^[\w-]{1,64}$/

export function echoReply(echo: string): Reply {
  if (!ECHO.test(echo))
    throw new WebhookError('handshake_rejected', {
      problem: 'malformed',
      parameter: 'echostr',
      expected: 'up to 64 letters and digits',
    })
  return textReply(echo)
}

export function parameter(delivery: Delivery, name: string): string {
  return single(delivery.query(), name, { parameter: name })
}

/** Returns the message in the body, which is JSON or XML. Large integers in JSON, such as ids, keep every digit. */
export function wechatMessage(delivery: Delivery): unknown {
  return isJson(delivery) ? delivery.json('exact') : field(delivery.xml(), 'xml')
}

/** Parses a decrypted message, which has the same format (JSON or XML) as the delivery. */
export function readMessage(delivery: Delivery, plain: string): unknown {
  const { depth } = delivery.limits
  return isJson(delivery)
    ? parseJson(plain, { depth, exact: true })
    : field(parseXml(plain, { depth }), 'xml')
}

/**
 * Returns the event of a message. The topic is for example `text` or `event.subscribe`. WeCom suites send `InfoType`
 * instead of `MsgType`.
 */
export function wechatEvent(payload: unknown): EventDraft {
  const type = text(payload, 'MsgType') ?? needed(payload, 'InfoType')
  const id = member(payload, 'MsgId') ?? joinedId(payload, 'FromUserName', 'CreateTime')
  return { id, ...narrowed(type, text(payload, 'Event')), payload }
}

export function composeWechat(
  { topic = 'text', id = '1', payload, at = Date.now() }: Draft,
  recipient: string,
  cipher: WechatCipher | undefined,
): { headers: Record<string, string>; body: string } {
  const [MsgType, Event] = topic.split(/\.(.*)/s)
  const kind = Event === undefined ? { MsgType, MsgId: id } : { MsgType, Event }
  const sent = { FromUserName: 'user', CreateTime: Math.floor(at / 1000) }
  const message = wechatXml(mergeDeep({ ...sent, ...kind }, payload))
  const encrypted = cipher && { ToUserName: recipient, Encrypt: cipher.encrypt(message) }
  const headers = { 'content-type': 'text/xml' }
  return { headers, body: encrypted ? wechatXml(encrypted) : message }
}

function wechatXml(fields: object): string {
  return `<xml>${xmlElements(fields)}</xml>`
}

function isJson(delivery: Delivery): boolean {
  return delivery.format === 'json'
}

function digest(...parts: readonly string[]): string {
  // As in WeChat's sample code, the order is by code units.
  return createHash('sha1')
    .update([...parts].sort().join(''))
    .digest('hex')
}

interface WechatCipher {
  decrypt(encrypted: string): string
  encrypt(message: string): string
}

/**
 * Creates the cipher of the secure mode: AES-256-CBC with padding to 32 bytes. The plain text is 16 random bytes, the
 * length of the message, the message, and its recipient.
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
    throw new TypeError(
      `${provider}: receiveId must be the AppID or CorpID that receives the messages`,
    )
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
