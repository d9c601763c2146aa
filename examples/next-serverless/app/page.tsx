import type { ReactNode } from 'react'

export default function Page(): ReactNode {
  return <p>Stripe posts to /webhooks/stripe; the cron of the host gets /cron/webhooks.</p>
}
