import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** MongoDB Atlas. https://www.mongodb.com/docs/atlas/tutorial/third-party-service-integrations/ */
export const mongodbAtlas: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'mongodb-atlas',
  title: 'MongoDB Atlas',
  docs: 'https://www.mongodb.com/docs/atlas/tutorial/third-party-service-integrations/',
  setup: {
    steps: ['Project Settings', 'Integrations', 'Webhook Settings'],
    secret: 'the secret that you type',
  },
  topics: ['OUTSIDE_METRIC_THRESHOLD', 'HOST_DOWN', 'CLUSTER_MONGOS_IS_MISSING'],
  sign: (given) =>
    hmac({ header: 'X-MMS-Signature', algorithm: 'sha1', encoding: 'base64', ...given }),
  eventIdField: ['id', 'status', 'updated'],
  topicField: 'eventTypeName',
  checked: '2026-11-28',
  delivers: { source: 'https://www.mongodb.com/docs/atlas/tutorial/webhook-integration/' },
})
