import { HTTP_AUTH_OPTIONS } from '../schemes/http-auth.ts'
import { alertmanager } from '../alertmanager.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Prometheus Alertmanager in the catalogue. */
export const alertmanagerEntry: CatalogueEntry = {
  name: 'alertmanager',
  title: 'Prometheus Alertmanager',
  docs: 'https://prometheus.io/docs/alerting/latest/configuration/#webhook_config',
  create: alertmanager,
  secretOption: 'token',
  options: HTTP_AUTH_OPTIONS,
  topics: ['firing', 'resolved'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: true,
}
