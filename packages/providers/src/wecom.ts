import { textReply, type SecretOption } from '@postern/core'
import type { Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { needed } from './common/read.ts'
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

/** Options of {@link wecom}. */
export interface WecomOptions {
  /** The token of the app's receive-messages settings. */
  readonly token: SecretOption
  /** The EncodingAESKey of the same settings. WeCom always encrypts. */
  readonly encodingAESKey: string
  /** The CorpId that messages must name. For a suite, its SuiteId. */
  readonly receiveId: string
  /** Maximum difference between the signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
}

/**
 * WeCom (enterprise WeChat). The signature is SHA-1 over token, time, nonce and the encrypted message, and is in the
 * query parameter `msg_signature`. Messages are encrypted with AES. Topics and ids are as in `wechat`. The receiver
 * answers the verification of the URL with the decrypted `echostr`. WeCom waits 5 s for an answer and tries three
 * times.
 * https://developer.work.weixin.qq.com/document/path/90930
 */
export const wecom: Factory<WecomOptions> = /* @__PURE__ */ provider({
  name: 'wecom',
  title: 'WeCom',
  docs: 'https://developer.work.weixin.qq.com/document/path/90930',
  setup: {
    place: 'the receive-messages settings of the app: URL, Token and EncodingAESKey',
    secret: 'the Token that you choose there',
  },
  topics: ['text', 'image', 'event.subscribe', 'event.enter_agent'],
  handshakes: ['echostr'],
  facts: {
    scheme: 'SHA-1 of token, time, nonce and encrypted message, hex',
    place: { query: 'msg_signature' },
    example: {
      token: 'an-example-token',
      encodingAESKey: 'a'.repeat(43),
      receiveId: 'ww0123456789abcdef',
    },
    checked: '2026-11-26',
    delivers: { within: 5_000, retries: 15_000, ok: '200' },
  },
  options: {
    token: "The token of the app's receive-messages settings.",
    encodingAESKey: 'The EncodingAESKey of the same settings.',
    receiveId: 'The CorpId or SuiteId that messages must name.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  formats: ['json', 'xml'],
  challenge: ECHO,
  secret: 'token',
  covers: { body: 'fields', id: true, timestamp: true },
  methods: ['POST', 'GET'],
  xml: true,
  prepare: (options) => ({
    ...options,
    cipher: wechatCipher('wecom', options.encodingAESKey, options.receiveId),
  }),
  scheme: (options) =>
    wechatSignature({
      tolerance: options.tolerance,
      secure: true,
      signed: (delivery) =>
        delivery.method === 'GET'
          ? parameter(delivery, 'echostr')
          : needed(wechatMessage(delivery), 'Encrypt', 'malformed_event'),
    }),
  handshake: (delivery, _body, _verified, { cipher }) =>
    delivery.method === 'GET'
      ? echoReply(cipher.decrypt(parameter(delivery, 'echostr')))
      : undefined,
  events(delivery, _body, { cipher }) {
    const plain = cipher.decrypt(needed(wechatMessage(delivery), 'Encrypt', 'malformed_event'))
    return [wechatEvent(readMessage(delivery, plain))]
  },
  reply: (result) => (result.kind === 'rejected' ? undefined : textReply('success')),
  compose: (draft, { cipher, receiveId }) => composeWechat(draft, receiveId, cipher),
})
