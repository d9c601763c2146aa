import { mux } from '../mux.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Mux in the catalogue. */
export const muxEntry: CatalogueEntry = {
  name: 'mux',
  title: 'Mux',
  docs: 'https://www.mux.com/docs/core/verify-webhook-signatures',
  create: mux,
  secretOption: 'webhookSecret',
  options: {
    webhookSecret: 'Signing secret of the webhook.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['video.asset.ready', 'video.upload.asset_created', 'video.live_stream.active'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: true,
}
