import { docusignRegistrar } from '../src/docusign.ts'
import { testRegistrar } from './contract.ts'
import { DOCUSIGN_TOKEN, startDocusign } from './fakes/docusign.ts'

testRegistrar('Docusign', {
  start: () => startDocusign(),
  make: (options, token) =>
    docusignRegistrar({ ...options, api: options.api!, token, accountId: '1234' }),
  token: DOCUSIGN_TOKEN,
  url: 'https://app.example/docusign',
  old: 'https://old.example/docusign',
  patterns: ['envelope-completed', 'recipient-signed'],
  topics: ['envelope-completed', 'recipient-signed'],
  others: ['envelope-completed', 'envelope-voided'],
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.connectId === id),
      { allowEnvelopePublish: 'false' },
    ),
})
