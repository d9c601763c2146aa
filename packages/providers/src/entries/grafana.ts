import { HTTP_AUTH_OPTIONS } from '../schemes/http-auth.ts'
import { grafana } from '../grafana.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Grafana alerting in the catalogue. */
export const grafanaEntry: CatalogueEntry = {
  name: 'grafana',
  title: 'Grafana alerting',
  docs: 'https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/',
  create: grafana,
  secretOption: 'secret',
  options: {
    secret: 'HMAC secret of the contact point.',
    header: 'Header of the signature. Default X-Grafana-Alerting-Signature.',
    timestampHeader: 'Header of the signed time, if the contact point has one.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
    ...HTTP_AUTH_OPTIONS,
  },
  topics: ['firing', 'resolved'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: true,
}
