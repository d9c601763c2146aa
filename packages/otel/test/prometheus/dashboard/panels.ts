// Panels of dashboard.json: one entry per panel, one query per line. `write.ts` computes their positions.

/** Panel: its title, its queries with their legends, its unit, and its place in a row of 24 columns. */
export interface PanelSpec {
  readonly title: string
  readonly about?: string
  readonly kind: 'timeseries' | 'stat'
  readonly unit: string
  readonly width: number
  readonly stacked?: boolean
  /** Color of a stat whose value is at least `from`. */
  readonly alarm?: { readonly from: number; readonly color: 'orange' | 'red' }
  readonly queries: readonly (readonly [expression: string, legend: string])[]
}

const RECEIVER = 'messaging_destination_name'
const SUBSCRIPTION = 'messaging_consumer_group_name'
const HERE = `job=~"$job",${RECEIVER}=~"$receiver"`
const BOTH = `{{${RECEIVER}}} {{${SUBSCRIPTION}}}`

const rate = (name: string, more = ''): string =>
  `rate(${name}{${HERE}${more && `,${more}`}}[$__rate_interval])`
const sum = (by: string, what: string): string => `sum by (${by}) (${what})`
const max = (by: string, name: string, more = ''): string =>
  `max by (job, ${by}) (${name}{${HERE}${more && `,${more}`}})`
const quantile = (q: number, by: string, name: string): string =>
  `histogram_quantile(${q}, sum by (${by}, le) (${rate(`${name}_bucket`)}))`
/** Returns a query whose value is 0 if nothing was counted. */
const orZero = (what: string): string => `${what} or vector(0)`

const VERIFIED = 'postern_outcome=~"accepted|duplicate|unhandled"'
const REJECTED = 'postern_outcome="rejected"'

export const ROWS: Readonly<Record<string, readonly PanelSpec[]>> = {
  Now: [
    {
      title: 'Verified deliveries',
      kind: 'stat',
      unit: 'reqps',
      width: 4,
      queries: [[orZero(`sum(${rate('postern_deliveries_total', VERIFIED)})`), '']],
    },
    {
      title: 'Rejected',
      kind: 'stat',
      unit: 'percentunit',
      width: 4,
      alarm: { from: 0.5, color: 'red' },
      queries: [
        [
          `(${orZero(`sum(${rate('postern_deliveries_total', REJECTED)})`)}) / (sum(${rate('postern_deliveries_total')}) > 0)`,
          '',
        ],
      ],
    },
    {
      title: 'Reply, p99',
      about: 'Senders wait for 3 to 30 seconds.',
      kind: 'stat',
      unit: 's',
      width: 4,
      alarm: { from: 2.5, color: 'red' },
      queries: [
        [
          `histogram_quantile(0.99, sum by (le) (${rate('postern_reply_duration_seconds_bucket')}))`,
          '',
        ],
      ],
    },
    {
      title: 'Dead tasks',
      about: 'Processes that share an inbox report the same number: the largest of a job counts.',
      kind: 'stat',
      unit: 'short',
      width: 4,
      alarm: { from: 1, color: 'orange' },
      queries: [
        [
          orZero(
            `sum(${max(`${RECEIVER}, ${SUBSCRIPTION}`, 'postern_inbox_tasks', 'postern_state="dead"')})`,
          ),
          '',
        ],
      ],
    },
    {
      title: 'Oldest due task',
      kind: 'stat',
      unit: 's',
      width: 4,
      alarm: { from: 300, color: 'orange' },
      queries: [[orZero(`max(postern_inbox_oldest_due_age_seconds{${HERE}})`), '']],
    },
    {
      title: 'Inboxes that do not answer',
      kind: 'stat',
      unit: 'short',
      width: 4,
      alarm: { from: 1, color: 'red' },
      queries: [[orZero(`count(min by (job, ${RECEIVER}) (postern_inbox_up{${HERE}}) == 0)`), '']],
    },
  ],
  Deliveries: [
    {
      title: 'Deliveries by outcome',
      kind: 'timeseries',
      unit: 'reqps',
      width: 12,
      stacked: true,
      queries: [
        [
          sum(`${RECEIVER}, postern_outcome`, rate('postern_deliveries_total')),
          `{{${RECEIVER}}} {{postern_outcome}}`,
        ],
      ],
    },
    {
      title: 'Rejections by code',
      about: '`postern explain` finds the cause of one of them.',
      kind: 'timeseries',
      unit: 'reqps',
      width: 12,
      stacked: true,
      queries: [
        [
          sum(`${RECEIVER}, error_type`, rate('postern_deliveries_total', REJECTED)),
          `{{${RECEIVER}}} {{error_type}}`,
        ],
      ],
    },
    {
      title: 'Time to the reply',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [0.5, 0.95, 0.99].map(
        (q) =>
          [
            quantile(q, RECEIVER, 'postern_reply_duration_seconds'),
            `{{${RECEIVER}}} p${q * 100}`,
          ] as const,
      ),
    },
    {
      title: 'Accepted events by topic',
      about: 'The ten most frequent ones. Topics beyond a bound are counted together.',
      kind: 'timeseries',
      unit: 'reqps',
      width: 12,
      stacked: true,
      queries: [
        [
          `topk(10, ${sum(`${RECEIVER}, postern_topic`, rate('messaging_client_sent_messages_total'))})`,
          `{{${RECEIVER}}} {{postern_topic}}`,
        ],
      ],
    },
    {
      title: 'Ids that senders used for another body',
      kind: 'timeseries',
      unit: 'reqps',
      width: 12,
      queries: [[sum(RECEIVER, rate('postern_conflicts_total')), `{{${RECEIVER}}}`]],
    },
  ],
  Inbox: [
    {
      title: 'Tasks that wait or run',
      kind: 'timeseries',
      unit: 'short',
      width: 8,
      queries: [
        [
          max(
            `${RECEIVER}, ${SUBSCRIPTION}, postern_state`,
            'postern_inbox_tasks',
            'postern_state!="dead"',
          ),
          `${BOTH} {{postern_state}}`,
        ],
      ],
    },
    {
      title: 'Oldest due task',
      kind: 'timeseries',
      unit: 's',
      width: 8,
      queries: [
        [max(`${RECEIVER}, ${SUBSCRIPTION}`, 'postern_inbox_oldest_due_age_seconds'), BOTH],
      ],
    },
    {
      title: 'Dead tasks',
      about: '`postern inbox causes` groups them by error.',
      kind: 'timeseries',
      unit: 'short',
      width: 8,
      queries: [
        [max(`${RECEIVER}, ${SUBSCRIPTION}`, 'postern_inbox_tasks', 'postern_state="dead"'), BOTH],
      ],
    },
  ],
  Tasks: [
    {
      title: 'Ends of attempts',
      kind: 'timeseries',
      unit: 'ops',
      width: 12,
      stacked: true,
      queries: [
        [
          sum(`${SUBSCRIPTION}, postern_outcome`, rate('postern_task_outcomes_total')),
          `{{${SUBSCRIPTION}}} {{postern_outcome}}`,
        ],
      ],
    },
    {
      title: 'Attempts that started',
      kind: 'timeseries',
      unit: 'ops',
      width: 12,
      queries: [
        [
          sum(`${RECEIVER}, ${SUBSCRIPTION}`, rate('messaging_client_consumed_messages_total')),
          BOTH,
        ],
      ],
    },
    {
      title: 'Time of an attempt, p95',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [
        [
          quantile(0.95, `${RECEIVER}, ${SUBSCRIPTION}`, 'messaging_process_duration_seconds'),
          BOTH,
        ],
      ],
    },
    {
      title: 'Errors of handlers',
      kind: 'timeseries',
      unit: 'ops',
      width: 12,
      stacked: true,
      queries: [
        [
          sum(
            `${SUBSCRIPTION}, error_type`,
            rate('messaging_process_duration_seconds_count', 'error_type!=""'),
          ),
          `{{${SUBSCRIPTION}}} {{error_type}}`,
        ],
      ],
    },
    {
      title: 'From the delivery to done',
      kind: 'timeseries',
      unit: 's',
      width: 12,
      queries: [0.5, 0.95].map(
        (q) =>
          [
            quantile(q, `${RECEIVER}, ${SUBSCRIPTION}`, 'postern_task_end_to_end_duration_seconds'),
            `${BOTH} p${q * 100}`,
          ] as const,
      ),
    },
    {
      title: 'Runs without an outcome',
      about: 'A process died, or a lease ended.',
      kind: 'timeseries',
      unit: 'ops',
      width: 12,
      queries: [
        [sum(`${RECEIVER}, ${SUBSCRIPTION}`, rate('postern_task_interruptions_total')), BOTH],
      ],
    },
    {
      title: 'Tasks without a run',
      about: 'With debounce: folded into a newer one, or stale.',
      kind: 'timeseries',
      unit: 'ops',
      width: 12,
      queries: [
        [
          sum(`${SUBSCRIPTION}, postern_outcome`, rate('postern_task_folded_total')),
          `{{${SUBSCRIPTION}}} {{postern_outcome}}`,
        ],
      ],
    },
  ],
  Forward: [
    {
      title: 'Calls by destination, p95',
      kind: 'timeseries',
      unit: 's',
      width: 8,
      queries: [
        [
          quantile(0.95, 'postern_destination', 'postern_forward_call_duration_seconds'),
          '{{postern_destination}}',
        ],
      ],
    },
    {
      title: 'Failed calls',
      kind: 'timeseries',
      unit: 'ops',
      width: 8,
      stacked: true,
      queries: [
        [
          sum(
            'postern_destination, error_type',
            rate('postern_forward_call_duration_seconds_count', 'error_type!=""'),
          ),
          '{{postern_destination}} {{error_type}}',
        ],
      ],
    },
    {
      title: 'Breakers that are not closed',
      about: 'Of each process.',
      kind: 'timeseries',
      unit: 'short',
      width: 8,
      queries: [
        [
          sum(
            'postern_destination, postern_state',
            `postern_forward_breakers{${HERE},postern_state!="closed"}`,
          ),
          '{{postern_destination}} {{postern_state}}',
        ],
      ],
    },
  ],
}
