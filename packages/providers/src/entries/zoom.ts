import { RETRY_SPAN, zoom } from '../zoom.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Zoom in the catalogue. */
export const zoomEntry: CatalogueEntry = {
  name: 'zoom',
  title: 'Zoom',
  docs: 'https://developers.zoom.us/docs/api/webhooks/',
  create: zoom,
  secretOption: 'secretToken',
  options: {
    secretToken: "The app's Secret Token.",
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['meeting.started', 'meeting.ended', 'recording.completed'],
  handshakes: ['endpoint.url_validation'],
  contentTypes: [JSON_TYPE],
  retrySpan: RETRY_SPAN,
  canSign: true,
}
