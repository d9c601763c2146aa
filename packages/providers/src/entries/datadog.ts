import { datadog } from '../datadog.ts'
import { FORM_TYPE, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Datadog in the catalogue. */
export const datadogEntry: CatalogueEntry = {
  name: 'datadog',
  title: 'Datadog',
  docs: 'https://docs.datadoghq.com/integrations/webhooks/',
  create: datadog,
  secretOption: 'secret',
  options: {
    secret: 'Value of the custom header.',
    header: 'Name of the custom header. Default X-Webhook-Secret.',
    topicField: 'Member of the payload that is the topic. Default event_type.',
    idField: 'Member of the payload that is the id. Default id.',
    token: 'Token of Authorization: Bearer (OAuth2).',
    credentials: 'user:password of the URL.',
    unauthenticated: 'Takes deliveries from anybody. Default false.',
  },
  topics: ['query_alert_monitor', 'event'],
  handshakes: [],
  contentTypes: [JSON_TYPE, FORM_TYPE],
  canSign: true,
}
