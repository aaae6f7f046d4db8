"""What the emulator refuses, in the form in which Earth Engine refuses."""

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
}


class Refused(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    message : text of the answer
    status : HTTP status
    reason : reason of the first entry of `errors`, where the client looks at it
    metric : quota that is used up, among the details
    """

    def __init__(
        self, message: str, status: int = 400, reason: str = "", metric: str = ""
    ) -> None:
        """Keep the parts of the answer."""
        super().__init__(message)
        self.message, self.status, self.reason = message, status, reason
        self.metric = metric

    def body(self) -> dict:
        """The answer's JSON."""
        error = {
            "code": self.status,
            "message": self.message,
            "status": STATUS[self.status],
        }
        if self.reason:
            part = {"message": self.message, "domain": "global", "reason": self.reason}
            error["errors"] = [part]
        if self.metric:
            metric = {"quota_metric": f"earthengine.googleapis.com/{self.metric}"}
            error["details"] = [{"reason": "RATE_LIMIT_EXCEEDED", "metadata": metric}]
        return {"error": error}
