// A person who is signed in tries calls as himself: the browser's session goes with every request of this page, so
// that no token is kept here. Under "Authorize" the page can ask for one of its own, with fewer scopes (authorization
// code with PKCE), or one is pasted; either goes before the session.
const SHOWN = ["bearer", "oauth2"];

function withoutOtherSchemes(document) {
  const schemes = document.components.securitySchemes;
  Object.keys(schemes).filter((name) => !SHOWN.includes(name)).forEach((name) => delete schemes[name]);
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  for (const operation of operations.filter((each) => each.security)) {
    operation.security = operation.security.filter((each) => Object.keys(each).every((name) => name in schemes));
  }
  return document;
}

window.addEventListener("load", async () => {
  const place = document.getElementById("docs");
  const { client, redirect } = place.dataset;
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error(`The document cannot be read: ${answer.status}`);
    window.ui = SwaggerUIBundle({
      spec: withoutOtherSchemes(await answer.json()),
      dom_id: "#docs",
      deepLinking: true,
      oauth2RedirectUrl: location.origin + redirect,
      persistAuthorization: false,
      validatorUrl: null,
    });
    window.ui.initOAuth({ clientId: client, usePkceWithAuthorizationCodeGrant: true });
  } catch (fault) {
    place.textContent = fault.message;
  }
});
