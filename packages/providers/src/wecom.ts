import { textReply, type EventMap, type SecretOption } from '@postern/core'
import { defineProvider, type Provider } from '@postern/core/scheme'
import {
  parameter,
  readMessage,
  wechatCipher,
  wechatEvent,
  wechatMessage,
  wechatSignature,
  wechatXml,
} from './schemes/wechat.ts'
import { needed } from './common/read.ts'

/** Options of {@link wecom}. */
export interface WecomOptions {
  /** The token of the app's receive-messages settings. */
  readonly token: SecretOption
  /** The EncodingAESKey of the same settings: WeCom encrypts always. */
  readonly encodingAESKey: string
  /** The CorpId (of a suite: the SuiteId) messages must name. */
  readonly receiveId: string
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
}

export const RETRY_SPAN: number = 15_000

/**
 * WeCom (enterprise WeChat). SHA-1 over token, time, nonce and the encrypted message, in the query parameter
 * `msg_signature`; AES inside. Topics and ids are those of `wechat`. The verification of the URL is answered with the
 * decrypted `echostr`. WeCom waits 5 s and tries three times.
 * https://developer.work.weixin.qq.com/document/path/90930
 */
export function wecom<Events extends EventMap = EventMap>(options: WecomOptions): Provider<Events> {
  const cipher = wechatCipher('wecom', options.encodingAESKey, options.receiveId)
  return defineProvider<Events, string>({
    name: 'wecom',
    formats: ['json', 'xml'],
    methods: ['POST', 'GET'],
    xml: true,
    auth: {
      scheme: wechatSignature({
        tolerance: options.tolerance,
        secure: true,
        signed: (delivery) =>
          delivery.method === 'GET'
            ? parameter(delivery, 'echostr')
            : needed(wechatMessage(delivery), 'Encrypt'),
      }),
      secret: options.token,
      option: 'token',
    },
    retrySpan: RETRY_SPAN,
    handshake: (delivery) =>
      delivery.method === 'GET'
        ? textReply(cipher.decrypt(parameter(delivery, 'echostr')))
        : undefined,
    events(delivery) {
      const plain = cipher.decrypt(needed(wechatMessage(delivery), 'Encrypt'))
      return [wechatEvent(readMessage(delivery, plain))]
    },
    reply: (result) => (result.kind === 'refused' ? undefined : textReply('success')),
    compose({ topic = 'text', id = '1', payload, at = Date.now() }) {
      const [MsgType, Event] = topic.split(/\.(.*)/s)
      const kind = Event === undefined ? { MsgType, MsgId: id } : { MsgType, Event }
      const time = { FromUserName: 'user', CreateTime: Math.floor(at / 1000) }
      const xml = wechatXml({ ...time, ...kind, ...(payload as object) })
      const body = wechatXml({ ToUserName: options.receiveId, Encrypt: cipher.encrypt(xml) })
      return { headers: { 'content-type': 'text/xml' }, body }
    },
  })
}
