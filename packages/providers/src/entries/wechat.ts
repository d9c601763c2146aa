import { RETRY_SPAN, wechat } from '../wechat.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** WeChat in the catalogue. */
export const wechatEntry: CatalogueEntry = {
  name: 'wechat',
  title: 'WeChat official accounts',
  docs: 'https://developers.weixin.qq.com/doc/offiaccount/en/Basic_Information/Access_Overview.html',
  create: wechat,
  secretOption: 'token',
  options: {
    token: "The token of the account's server configuration.",
    encodingAESKey: 'The EncodingAESKey of the secure mode. Default plain mode.',
    receiveId: 'The appid, needed with encodingAESKey.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['text', 'image', 'event.subscribe', 'event.CLICK'],
  handshakes: ['echostr'],
  contentTypes: ['text/xml', JSON_TYPE],
  retrySpan: RETRY_SPAN,
  canSign: true,
}
