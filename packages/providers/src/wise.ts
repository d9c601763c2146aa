import { rsa, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Wise. https://docs.wise.com/api-docs/features/webhooks-notifications/event-handling */
export const wise: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'wise',
  title: 'Wise',
  docs: 'https://docs.wise.com/api-docs/features/webhooks-notifications/event-handling',
  setup: {
    steps: ['Settings', 'Developer tools', 'Webhooks'],
    secret: 'the public key that Wise publishes for the environment, as PEM',
  },
  topics: ['transfers#state-change', 'balances#credit', 'profiles#verification-state-change'],
  sign: (given) => rsa({ header: 'X-Signature-SHA256', ...given }),
  eventIdHeader: 'X-Delivery-Id',
  topicField: 'event_type',
  example: {
    // A key pair that exists only for examples.
    secret:
      '-----BEGIN PRIVATE KEY-----\nMIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAMx8kiTlM6Mi3beL\nqHJhCVLMWl7kPsv7mY7CEk88htETAruw2MTZLBRKxmALaev8WnX8HVP3C+5JW4nv\n+zs3oRlCj/98Pu+qIgPFyC4nVYZ9XOKa+45j7OlV2fFEM1ig6rWZaIRK6l92Ufyr\nyGzK+ux7PPXdHTycgH7ONHSD52FjAgMBAAECgYBnHL24+xahwZgZ0MOdAY9pAADl\n7qQ3yeQx12zSJcw5qyNqr49vG6+df+MuVTMRO0wGSJ4lU+LhQn51PNzrjG6f3mtO\nd/it+rVeZzbDwXnV3GWP93Jhj2ASgwr27SBovnDwT8/KDIk+EwXu2tIu5BsSRz/v\nRveP5Y0NRuDYiJ+pgQJBAOflhAZpiJSRN56FV1ozcOi+qYgyKQHbHbEKkM4YJgpu\n6az9ylhgL2ozRYdhsEYjR3+R/bQDxPthlxS3hIG1SaMCQQDhvbXGK/5w4RD4GU1m\nJWG4MdSbwCl/F0XuCNFR7WKz6Evr65tOrMdtoCs34jH+NS5VpG1d0t3KN26bn8k5\nyoVBAkAVkCP8rKeEmRRA60k6G/ptyfzdqzxg7c0O/1qDr38qDTIxYdAE87y09VuL\nwSuw+erWE+8xZABXF7YCuSXbIc5dAkEAq9MW9UyvU4Q8wlugCkwR4X4scpEGBPLW\nC6UyjsW+B2qdv2mKwYvKEKuFufe2TeR07ENH686Be1ZOHq61IAQDAQJABorY64J2\nlYyUBmnp/a5RoF7x2xoxTjrlH0H8qveC0jNULnzVO3nOZvGEtGscr92zBKPqPFn/\npPXlhdoIKO2l0g==\n-----END PRIVATE KEY-----',
  },
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: 14 * DAY,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://docs.wise.com/guides/developer/webhooks/event-handling',
  },
})
