// Written by test/descriptions/extract.ts from npm @linear/sdk 98.0.0 (WebhookResourceType).
export const LINEAR_TOPICS: string = `
AgentSessionEvent AppUserNotification Attachment Comment Customer CustomerNeed Cycle Document
Initiative InitiativeUpdate Issue IssueLabel IssueSLA OAuthAuthorization PermissionChange Project
ProjectLabel ProjectUpdate Reaction Release ReleaseNote User
`
