import { hubspotRegistrar } from '../src/hubspot.ts'
import { testRegistrar } from './contract.ts'
import { HUBSPOT_KEY, startHubspot } from './fakes/hubspot.ts'
import { off } from './fakes/rows.ts'

testRegistrar('Hubspot', {
  start: () => startHubspot(),
  make: (options, developerKey) =>
    hubspotRegistrar({
      ...options,
      developerKey,
      appId: '123',
      properties: { contact: ['email', 'phone'] },
    }),
  token: HUBSPOT_KEY,
  patterns: ['contact.creation', 'contact.propertyChange'],
  topics: ['contact.creation', 'contact.propertyChange/email', 'contact.propertyChange/phone'],
  others: ['contact.creation', 'deal.creation'],
  lacks: ['foreign'],
  disable: off({ active: false }),
})
