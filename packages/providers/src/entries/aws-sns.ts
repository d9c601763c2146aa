import { DOCS, awsSns, type AwsSnsOptions } from '../aws-sns.ts'
import { HOUR, type CatalogueEntry } from '../common/entry.ts'

/** Amazon SNS in the catalogue. */
export const awsSnsEntry: CatalogueEntry = {
  name: 'aws-sns',
  title: 'Amazon SNS',
  docs: DOCS,
  create: (options) => awsSns(options as AwsSnsOptions),
  secretOption: 'topicArn',
  options: {
    topicArn: 'The ARN of the topic that may send.',
    confirm: 'true, or a function that decides: confirms subscriptions. Default false.',
    certPem: 'PEM of the certificate, in place of fetching it.',
    ca: 'PEM of more authorities.',
    fetch: 'In place of the global fetch.',
    timeout: 'Milliseconds a fetch may take. Default 5000.',
    tolerance: 'Seconds the signed time may be away from now. Default 3600.',
  },
  topics: ['arn:aws:sns:us-east-1:123456789012:MyTopic'],
  handshakes: ['SubscriptionConfirmation'],
  contentTypes: ['text/plain'],
  retrySpan: HOUR,
  canSign: false,
}
