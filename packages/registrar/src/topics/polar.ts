// Written by test/descriptions/extract.ts from npm @polar-sh/sdk 0.49.0 (WebhookEventType).
export const POLAR_TOPICS: string = `
benefit.created benefit.updated benefit_grant.created benefit_grant.cycled benefit_grant.revoked
benefit_grant.updated checkout.created checkout.expired checkout.updated customer.created
customer.deleted customer.state_changed customer.updated customer_seat.assigned
customer_seat.claimed customer_seat.revoked member.created member.deleted member.updated
order.created order.paid order.refunded order.updated organization.updated product.created
product.updated refund.created refund.updated subscription.active subscription.canceled
subscription.created subscription.past_due subscription.paused subscription.resumed
subscription.revoked subscription.uncanceled subscription.updated
`
