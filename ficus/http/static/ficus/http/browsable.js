// Sends the page's Idempotency-Key with each POST: pressing twice is one request, a new page makes a new one.
jQuery.ajaxPrefilter(function (options, original, request) {
  if (options.type === "POST") {
    request.setRequestHeader("Idempotency-Key", document.querySelector('meta[name="idempotency-key"]').content);
  }
});
