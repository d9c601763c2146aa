import { RETRY_SPAN, wecom, type WecomOptions } from '../wecom.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** WeCom in the catalogue. */
export const wecomEntry: CatalogueEntry = {
  name: 'wecom',
  title: 'WeCom',
  docs: 'https://developer.work.weixin.qq.com/document/path/90930',
  create: (options) => wecom(options as WecomOptions),
  secretOption: 'token',
  options: {
    token: "The token of the app's receive-messages settings.",
    encodingAESKey: 'The EncodingAESKey of the same settings.',
    receiveId: 'The CorpId or SuiteId messages must name.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['text', 'image', 'event.subscribe', 'event.enter_agent'],
  handshakes: ['echostr'],
  contentTypes: ['text/xml', JSON_TYPE],
  retrySpan: RETRY_SPAN,
  canSign: true,
}
