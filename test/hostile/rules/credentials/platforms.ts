/**
 * Names of headers and parameters in which platforms, proxies and APIs pass a credential, each with the page that
 * describes it.
 */
export const PLATFORMS: readonly (readonly [header: string, page: string])[] = [
  ['authorization', 'https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2'],
  ['proxy-authorization', 'https://www.rfc-editor.org/rfc/rfc9110#section-11.7.2'],
  ['cookie', 'https://www.rfc-editor.org/rfc/rfc6265#section-5.4'],
  ['dpop', 'https://www.rfc-editor.org/rfc/rfc9449'],
  ['x-vercel-oidc-token', 'https://vercel.com/docs/oidc'],
  ['x-vercel-protection-bypass', 'https://vercel.com/docs/deployment-protection'],
  ['x-vercel-sc-headers', 'https://vercel.com/docs/headers/request-headers'],
  ['cf-access-jwt-assertion', 'https://developers.cloudflare.com/cloudflare-one/access-controls/'],
  ['cf-access-token', 'https://developers.cloudflare.com/cloudflare-one/access-controls/'],
  ['cf-access-client-id', 'https://developers.cloudflare.com/cloudflare-one/access-controls/'],
  ['cf-access-client-secret', 'https://developers.cloudflare.com/cloudflare-one/access-controls/'],
  ['x-goog-iap-jwt-assertion', 'https://docs.cloud.google.com/iap/docs/signed-headers-howto'],
  ['x-goog-authenticated-user-email', 'https://docs.cloud.google.com/iap/docs/identity-howto'],
  [
    'x-serverless-authorization',
    'https://docs.cloud.google.com/run/docs/authenticating/service-to-service',
  ],
  [
    'x-endpoint-api-userinfo',
    'https://docs.cloud.google.com/endpoints/docs/openapi/authenticating-users-custom',
  ],
  [
    'x-apigateway-api-userinfo',
    'https://docs.cloud.google.com/api-gateway/docs/authenticating-users-custom',
  ],
  [
    'x-forwarded-authorization',
    'https://docs.cloud.google.com/api-gateway/docs/authenticate-service-account',
  ],
  ['x-goog-api-key', 'https://docs.cloud.google.com/docs/authentication/api-keys-use'],
  ['x-goog-channel-token', 'https://developers.google.com/workspace/drive/api/guides/push'],
  ['x-firebase-appcheck', 'https://firebase.google.com/docs/app-check/custom-resource-backend'],
  [
    'x-amzn-oidc-accesstoken',
    'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html',
  ],
  [
    'x-amzn-oidc-data',
    'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html',
  ],
  [
    'x-amzn-oidc-identity',
    'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html',
  ],
  [
    'x-amzn-ava-user-context',
    'https://docs.aws.amazon.com/verified-access/latest/ug/user-claims-passing.html',
  ],
  ['x-amz-security-token', 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html'],
  [
    'x-ms-token-aad-access-token',
    'https://learn.microsoft.com/azure/app-service/configure-authentication-oauth-tokens',
  ],
  [
    'x-ms-token-aad-id-token',
    'https://learn.microsoft.com/azure/app-service/configure-authentication-oauth-tokens',
  ],
  [
    'x-ms-token-aad-refresh-token',
    'https://learn.microsoft.com/azure/app-service/configure-authentication-oauth-tokens',
  ],
  [
    'x-ms-token-google-id-token',
    'https://learn.microsoft.com/azure/app-service/configure-authentication-oauth-tokens',
  ],
  [
    'x-ms-token-facebook-access-token',
    'https://learn.microsoft.com/azure/app-service/configure-authentication-oauth-tokens',
  ],
  [
    'x-ms-token-twitter-access-token-secret',
    'https://learn.microsoft.com/azure/app-service/configure-authentication-oauth-tokens',
  ],
  [
    'x-ms-client-principal',
    'https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities',
  ],
  [
    'x-zumo-auth',
    'https://learn.microsoft.com/azure/app-service/configure-authentication-customize-sign-in-out',
  ],
  ['x-functions-key', 'https://learn.microsoft.com/azure/azure-functions/function-keys-how-to'],
  [
    'ocp-apim-subscription-key',
    'https://learn.microsoft.com/azure/api-management/api-management-subscriptions',
  ],
  [
    'aeg-sas-key',
    'https://learn.microsoft.com/azure/event-grid/authenticate-with-access-keys-shared-access-signatures',
  ],
  [
    'aeg-sas-token',
    'https://learn.microsoft.com/azure/event-grid/authenticate-with-access-keys-shared-access-signatures',
  ],
  [
    'x-forwarded-access-token',
    'https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview',
  ],
  [
    'x-auth-request-access-token',
    'https://oauth2-proxy.github.io/oauth2-proxy/configuration/integration',
  ],
  ['x-pomerium-jwt-assertion', 'https://www.pomerium.com/docs/capabilities/getting-users-identity'],
  [
    'teleport-jwt-assertion',
    'https://goteleport.com/docs/enroll-resources/application-access/jwt/introduction/',
  ],
  ['x-authentik-jwt', 'https://docs.goauthentik.io/add-secure-apps/providers/proxy/'],
  ['x-vault-token', 'https://developer.hashicorp.com/vault/api-docs'],
  ['x-consul-token', 'https://developer.hashicorp.com/consul/api-docs'],
  ['x-access-token', 'https://github.com/nokia/kong-oidc'],
  ['x-id-token', 'https://github.com/nokia/kong-oidc'],
  ['x-userinfo', 'https://github.com/nokia/kong-oidc'],
  ['apikey', 'https://supabase.com/docs/guides/api/api-keys'],
  ['private-token', 'https://docs.gitlab.com/api/rest/authentication/'],
  ['x-hasura-admin-secret', 'https://hasura.io/docs/2.0/deployment/securing-graphql-endpoint/'],
  [
    'x-csrf-token',
    'https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html',
  ],
  [
    'x-api-key',
    'https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html',
  ],
  ['x-rapidapi-key', 'https://docs.rapidapi.com/docs/keys'],
  ['x-parse-master-key', 'https://docs.parseplatform.org/rest/guide/'],
  ['x-parse-rest-api-key', 'https://docs.parseplatform.org/rest/guide/'],
  ['x-auth-key', 'https://developers.cloudflare.com/fundamentals/api/get-started/keys/'],
  ['webhook-secret', 'https://docs.sentry.io/organization/integrations/integration-platform/'],
  ['client-secret', 'https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1'],
]
