import type { ReactNode } from 'react'

export default function Page(): ReactNode {
  return <p>Stripe posts to /webhooks/stripe.</p>
}
