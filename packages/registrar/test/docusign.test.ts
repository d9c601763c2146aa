import { docusignRegistrar } from '../src/docusign.ts'
import { testRegistrar } from './contract.ts'
import { DOCUSIGN_TOKEN, startDocusign } from './fakes/docusign.ts'
import { off } from './fakes/rows.ts'

testRegistrar('Docusign', {
  start: () => startDocusign(),
  make: (options, token) =>
    docusignRegistrar({ ...options, api: options.api!, token, accountId: '1234' }),
  token: DOCUSIGN_TOKEN,
  patterns: ['envelope-completed', 'recipient-signed'],
  topics: ['envelope-completed', 'recipient-signed'],
  others: ['envelope-completed', 'envelope-voided'],
  disable: off({ allowEnvelopePublish: 'false' }),
})
