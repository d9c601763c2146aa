import {
  textReply,
  WebhookError,
  type Delivery,
  type EventMap,
  type SecretOption,
} from '@postern/core'
import { defineProvider, type Draft, type Provider } from '@postern/core/scheme'
import {
  parameter,
  readMessage,
  wechatCipher,
  wechatEvent,
  wechatMessage,
  wechatSignature,
  wechatXml,
} from './schemes/wechat.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link wechat}. */
export interface WechatOptions {
  /** The token of the account's server configuration. */
  readonly token: SecretOption
  /** The EncodingAESKey: given, only messages of the secure (or compatible) mode are taken. @default plain mode */
  readonly encodingAESKey?: string
  /** The appid, which messages of the secure mode must name. Needed with `encodingAESKey`. */
  readonly receiveId?: string
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
}

export const RETRY_SPAN: number = 15_000

/**
 * WeChat official accounts. SHA-1 over token, time and nonce in the query. **In plain mode the body is not signed**: use
 * the secure mode. Topics are `text`, `image` or `event.subscribe`; the id is `MsgId`, of events sender and time. The
 * verification of the URL (`echostr`) is answered. Messages get `success` unless `receiver.answer` gives a reply. WeChat
 * waits 5 s and tries three times.
 * https://developers.weixin.qq.com/doc/offiaccount/en/Basic_Information/Access_Overview.html
 */
export function wechat<Events extends EventMap = EventMap>(
  options: WechatOptions,
): Provider<Events> {
  const { encodingAESKey, receiveId = '' } = options
  const cipher =
    encodingAESKey === undefined ? undefined : wechatCipher('wechat', encodingAESKey, receiveId)
  const signed = (delivery: Delivery): string | undefined => {
    if (delivery.method === 'GET' || !cipher) return undefined
    const encrypted = text(wechatMessage(delivery), 'Encrypt')
    if (encrypted === undefined)
      throw new WebhookError('missing_header', 'the message is not encrypted: set the secure mode')
    return encrypted
  }
  return defineProvider<Events, string>({
    name: 'wechat',
    formats: ['json', 'xml'],
    methods: ['POST', 'GET'],
    xml: true,
    auth: {
      scheme: wechatSignature({
        tolerance: options.tolerance,
        signed,
        secure: cipher !== undefined,
      }),
      secret: options.token,
      option: 'token',
    },
    retrySpan: RETRY_SPAN,
    handshake: (delivery) =>
      delivery.method === 'GET' ? textReply(parameter(delivery, 'echostr')) : undefined,
    events(delivery) {
      const message = wechatMessage(delivery)
      if (!cipher) {
        if (text(message, 'MsgType') === undefined && text(message, 'Encrypt') !== undefined)
          throw new WebhookError('unidentified', 'the message is encrypted: give encodingAESKey')
        return [wechatEvent(message)]
      }
      return [wechatEvent(readMessage(delivery, cipher.decrypt(needed(message, 'Encrypt'))))]
    },
    reply: (result) => (result.kind === 'refused' ? undefined : textReply('success')),
    compose(draft) {
      const xml = composed(draft)
      const body = cipher ? wechatXml({ ToUserName: 'gh_1', Encrypt: cipher.encrypt(xml) }) : xml
      return { headers: { 'content-type': 'text/xml' }, body }
    },
  })
}

function composed({ topic = 'text', id = '1', payload, at = Date.now() }: Draft): string {
  const [MsgType, Event] = topic.split(/\.(.*)/s)
  const kind = Event === undefined ? { MsgType, MsgId: id } : { MsgType, Event }
  const CreateTime = Math.floor(at / 1000)
  return wechatXml({ FromUserName: 'user', CreateTime, ...kind, ...(payload as object) })
}
