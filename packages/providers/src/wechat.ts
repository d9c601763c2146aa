import { textReply, WebhookError, type SecretOption } from '@postern/core'
import type { Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { text } from './common/read.ts'
import {
  parameter,
  readMessage,
  wechatEvent,
  wechatMessage,
  wechatSignature,
  composeWechat,
  ECHO,
  echoReply,
  wechatCipher,
} from './schemes/wechat.ts'

/** Options of {@link wechat}. */
export interface WechatOptions {
  /** The token of the account's server configuration. */
  readonly token: SecretOption
  /**
   * The EncodingAESKey of the secure or compatible mode. If given, plain messages are rejected.
   * @default none, for the plain mode
   */
  readonly encodingAESKey?: string
  /** The appid that messages in secure mode must name. Required with `encodingAESKey`. */
  readonly receiveId?: string
  /** Maximum difference between the signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
}

/**
 * WeChat official accounts. The signature is SHA-1 over token, time and nonce, and is in the query.
 * **In plain mode the body is not signed**, so use the secure mode. The topic is for example
 * `text`, `image` or `event.subscribe`. The id of a message is `MsgId`; the id of an event is made
 * of user and time. The receiver answers the verification of the URL (`echostr`). Messages get `success` unless
 * `receiver.answer` gives a reply. WeChat waits 5 s for an answer and tries three times.
 * https://developers.weixin.qq.com/doc/offiaccount/en/Basic_Information/Access_Overview.html
 */
export const wechat: Factory<WechatOptions> = /* @__PURE__ */ provider({
  name: 'wechat',
  title: 'WeChat official accounts',
  docs: 'https://developers.weixin.qq.com/doc/offiaccount/en/Basic_Information/Access_Overview.html',
  setup: {
    place: 'the server configuration of the account: URL and Token',
    secret: 'the Token that you choose there',
  },
  notSecret: [[/^wx[\da-f]{16}$/, 'the id of the app']],
  topics: ['text', 'image', 'event.subscribe', 'event.CLICK'],
  handshakes: ['echostr'],
  facts: {
    scheme: 'SHA-1 of token, time and nonce, hex; the body is not signed, but in secure mode',
    place: { query: 'signature' },
    checked: '2026-11-26',
    delivers: { within: 5_000, retries: 15_000, ok: '200' },
  },
  options: {
    token: "The token of the account's server configuration.",
    encodingAESKey: 'The EncodingAESKey of the secure mode. Default plain mode.',
    receiveId: 'The appid, needed with encodingAESKey.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  formats: ['json', 'xml'],
  challenge: ECHO,
  secret: 'token',
  covers: { body: 'fields', id: true, timestamp: true },
  methods: ['POST', 'GET'],
  xml: true,
  prepare({ token, tolerance, encodingAESKey, receiveId = '' }) {
    const cipher =
      encodingAESKey === undefined ? undefined : wechatCipher('wechat', encodingAESKey, receiveId)
    return { token, tolerance, cipher }
  },
  secretOf: ({ token }) => ['token', token],
  scheme: ({ tolerance, cipher }) =>
    wechatSignature({
      tolerance,
      secure: cipher !== undefined,
      signed: (delivery) =>
        delivery.method === 'GET' || !cipher ? undefined : encryptedOf(wechatMessage(delivery)),
    }),
  handshake: (delivery) =>
    delivery.method === 'GET' ? echoReply(parameter(delivery, 'echostr')) : undefined,
  events(delivery, _body, { cipher }) {
    const message = wechatMessage(delivery)
    if (cipher) return [wechatEvent(readMessage(delivery, cipher.decrypt(encryptedOf(message))))]
    if (text(message, 'MsgType') === undefined && text(message, 'Encrypt') !== undefined)
      throw new WebhookError('malformed_event', {
        problem: 'undecryptable',
        option: 'encodingAESKey',
        remedy: 'give encodingAESKey',
      })
    return [wechatEvent(message)]
  },
  reply: (result) => (result.kind === 'rejected' ? undefined : textReply('success')),
  compose: (draft, { cipher }) => composeWechat(draft, 'gh_1', cipher),
})

function encryptedOf(message: unknown): string {
  const encrypted = text(message, 'Encrypt')
  if (encrypted !== undefined) return encrypted
  throw new WebhookError('missing_header', {
    problem: 'missing',
    field: 'Encrypt',
    remedy: 'set the secure mode',
  })
}
